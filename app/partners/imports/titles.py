"""From a row to a title: what is wrong with a value goes into the report, the rest goes in."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from app.catalogue.schemas import TitleIn
from app.partners.imports.fields import CREDITS, WORDS, number, word
from app.partners.imports.findings import Done, Finding, Matter, Remark
from app.partners.imports.mending import mend
from app.partners.imports.plans import Plan
from app.partners.imports.rows import Row
from app.partners.imports.rules import Choice, Log, Shape

# A name longer than this is a sentence that slid into the wrong column.
LONG_NAME = 60
COMPANY = "production_company"
MAX_MENDINGS = 5
_LISTS = frozenset({Shape.LINES, Shape.RECORDS})

Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that makes a title."""

    row: int
    reference: str
    title: TitleIn


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a row: a title or none, and what was found."""

    candidate: Candidate | None
    findings: list[Finding]


def judge(plan: Plan, row: Row) -> Judged:
    """Make a title of a row; optional values that can't be are left out, and reported."""
    log = Log()
    data = _assembled(plan, row, log)
    _add_unmatched(plan, log)
    reference = data.get("reference")
    told = reference if isinstance(reference, str) else ""
    title = _validated(data, plan, log)
    findings = [remark.of(row.number, told) for remark in log.remarks]
    if title is None or title.reference is None:
        return Judged(None, findings)
    return Judged(Candidate(row.number, title.reference, title), findings)


def _assembled(plan: Plan, row: Row, log: Log) -> Data:
    data: Data = dict(plan.blank)
    for choice in plan.fields:
        if found := choice.read(row.cells, log):
            put(data, choice, found, log)
    if people := _credits(plan, row, log):
        data[CREDITS] = people
    if texts := _texts(plan, row, log):
        data["texts"] = texts
    return data


def put(data: Data, choice: Choice, found: list[Any], log: Log) -> None:
    """Put what a row has for a field where the API has it."""
    field, known = choice.field, WORDS.get(choice.field)
    if known:
        found = [word(value, known) if isinstance(value, str) else value for value in found]
    if choice.shape in _LISTS:
        data[field] = found
    elif any(value != found[0] for value in found):
        log.remarks.append(
            Remark(field, " | ".join(map(str, found)), "holds one value only", Matter.IMPOSSIBLE)
        )
    else:
        _put_one(data, field.split("."), _value(choice.shape, found[0]))


def _value(shape: Shape, found: Any) -> Any:  # noqa: ANN401  # JSON of any shape
    return number(found) if shape is Shape.NUMBER and isinstance(found, str) else found


def _put_one(data: Data, path: list[str], value: Any) -> None:  # noqa: ANN401
    for name in path[:-1]:
        data[name] = data = data.get(name) or {}
    data[path[-1]] = value


def _credits(plan: Plan, row: Row, log: Log) -> list[Any]:
    """Give everybody, in the order of the mapping; who is named twice for the same, once."""
    people: list[Any] = []
    seen: set[tuple[Any, ...]] = set()
    for role, reading in plan.credits:
        for found in reading.read(row.cells, log):
            person = person_of(role, found)
            key = (role, person.get("name"), person.get("character"))
            if key in seen:
                log.remarks.append(
                    Remark(CREDITS, str(key[1]), f"is {role} twice", Matter.REPEATED)
                )
                continue
            seen.add(key)
            people.append(person)
            if isinstance(key[1], str) and len(key[1]) > LONG_NAME and role != COMPANY:
                problem = "is long for a name"
                log.remarks.append(Remark(CREDITS, key[1], problem, Matter.SUSPICIOUS, Done.TAKEN))
    return people


def person_of(role: str, found: Any) -> dict[str, Any]:  # noqa: ANN401
    """Give somebody as the API has them."""
    if not isinstance(found, dict):
        return {"role": role, "name": found}
    person = {"role": role} | found
    if "value" in person:
        person["name"] = person.pop("value")
    return person


def _texts(plan: Plan, row: Row, log: Log) -> dict[str, Data]:
    texts: dict[str, Data] = {}
    for language, member, choice in plan.texts:
        if found := choice.read(row.cells, log):
            texts.setdefault(language, {})[member] = found[0]
    return texts


def _add_unmatched(plan: Plan, log: Log) -> None:
    """Report a text that no field's pattern fits, unless another rule or the mapping takes it."""
    for (column, text), fields in log.unmatched.items():
        if (column, text) in log.matched or column in plan.taken_whole or column in plan.ignored:
            continue
        problem = f"in column {column} fits no rule of {', '.join(dict.fromkeys(fields))}"
        log.remarks.append(Remark(fields[0], text, problem, Matter.UNMATCHED))


def _validated(data: Data, plan: Plan, log: Log) -> TitleIn | None:
    """Check by the rules of the API, leaving out what can be left out, until nothing is wrong."""
    if "reference" not in data:
        log.remarks.append(_missing("reference"))
        return None
    for _ in range(MAX_MENDINGS):
        try:
            return TitleIn.model_validate(data)
        except ValidationError as error:
            if not mend(data, plan.blank, error, log.remarks):
                return None
    log.remarks.append(Remark("", "", "can't be put right", Matter.IMPOSSIBLE, Done.ROW_REFUSED))
    return None


def _missing(field: str) -> Remark:
    return Remark(field, "", "is missing", Matter.MISSING, Done.ROW_REFUSED)
