"""What is found by what: the analysis of texts and queries, judged by PostgreSQL itself."""

import string
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from app.search import MAX_QUERY, anywhere, document, fold, latin_order, tiers, with_facets

# What the languages of the market are written in, and whatever else there is.
ALPHABETS = (
    string.ascii_letters + "éüñßøłşığəʻ’",
    "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдеёжзийклмнопрстуфхцчшщъыьэюяәғқңөұүһіӣӯҳҷўґєї",
    "ءآأؤإئابةتثجحخدذرزسشصضطظعغـفقكلمنهوىيپچژکگیےںھہٹڈڑ\u064e\u0650\u0651\u200c",
    "अआइईउऊएऐओऔकखगघचछजझटठडढणतथदधनपफबभमयरलवशषसहािीुूेैोौंँ़्",
    "潜行者流浪地球霸王别姬紅高粱長江東京物語",
    "かぐや姫ガンダム기생충살인의추억กรุงเทพ",
)
words = st.one_of(*(st.text(alphabet, min_size=1, max_size=12) for alphabet in ALPHABETS))
phrases = st.lists(words, min_size=1, max_size=5).map(" ".join)
anything = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


class Index:
    """Asks PostgreSQL whether a query finds a document."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def finds(self, query: str, indexed: str) -> bool:
        answer = self._connection.execute(
            "SELECT %s::text::tsvector @@ %s::text::tsquery", (indexed, query)
        )
        (found,) = answer.fetchone() or (False,)
        return bool(found)

    def rank(self, q: str, indexed: str) -> int | None:
        """Give the one tier in which a document is found, from 1."""
        ranks = [
            place for place, tier in enumerate(tiers(q), start=1) if self.finds(tier.exact, indexed)
        ]
        assert len(ranks) <= 1, "a row in two tiers comes twice"
        return ranks[0] if ranks else None


@pytest.fixture(scope="module")
def index(postgres_url: str) -> Iterator[Index]:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        yield Index(connection)


STALKER = document(
    titles=["Сталкер", "Stalker", "潜行者"],
    names=["Андрей Тарковский", "Аркадий Стругацкий", "зона"],
    texts=["A guide leads two men through the Zone.", "Проводник ведёт двоих через Зону."],
)


@pytest.mark.parametrize(
    "q",
    [
        "stalker",
        "Сталкер",
        "潜行者",
        "СТАЛКЕР",
        "stal",
        "潜",
        "行者",
        "qian xing zhe",
        "qianxingzhe",
        "stalker tarkovsky",
        "Tarkovskij",
        "тарковский сталк",
        "guide zone",
        "Strugatsky",
        "двоих вед",
    ],
)
def test_a_title_is_found_by_any_of_its_names_people_and_words(index: Index, q: str) -> None:
    assert index.rank(q, STALKER)


@pytest.mark.parametrize("q", ["stalkers", "者行", "tarkovsky solaris", "alker", "guides"])
def test_a_title_is_not_found_by_what_it_does_not_say(index: Index, q: str) -> None:
    assert index.rank(q, STALKER) is None


@pytest.mark.parametrize(
    ("title", "q"),
    [
        # Romanisations of Cyrillic
        ("Солярис", "Solaris"),
        ("Солярис", "Solyaris"),
        ("Эйзенштейн", "Eisenstein"),
        ("Эйзенштейн", "Eyzenshteyn"),
        ("Чайковский", "Tchaikovsky"),
        ("Чайковский", "Chaikovsky"),
        ("Достоевский", "Dostoyevsky"),
        ("Хрущёв", "Khrushchev"),
        ("Горбачёв", "Gorbachyov"),
        ("Ельцин", "Yeltsin"),
        ("Юрий Шевчук", "Yuri Shevchuk"),
        ("Летят журавли", "Letyat zhuravli"),
        ("Қыз Жібек", "Kyz Zhibek"),
        ("Қыз Жібек", "Qyz Jibek"),
        ("Қыз Жібек", "кыз жибек"),
        # Diacritics and case, either way
        ("Amélie", "amelie"),
        ("Amelie", "Amélie"),
        ("Ёлки", "елки"),
        ("İstanbul", "istanbul"),
        ("Straße", "STRASSE"),
        ("Łódź", "lodz"),
        ("Oʻtkan kunlar", "o'tkan kunlar"),
        ("Oʻtkan kunlar", "otkan kunlar"),
        ("Ҷашн", "чашн"),
        # Arabic script: Arabic and Persian code points, marks, joins
        ("جدایی نادر از سیمین", "جدايي نادر"),
        ("کتاب", "كتاب"),
        ("مُحَمَّد", "محمد"),
        ("می\u200cشود", "می شود"),
        ("می شود", "می\u200cشود"),
        ("آژانس شیشه‌ای", "اژانس"),
        ("جدایی نادر از سیمین", "Nader Simin"),
        ("فروشنده", "Forushande"),
        # Devanagari, with and without dots
        ("मुग़ल-ए-आज़म", "मुगल ए आजम"),
        ("मुग़ल-ए-आज़म", "Mughal e Azam"),
        ("दीवार", "Deewaar"),
        ("लगान", "Lagaan"),
        # Chinese: unspaced, in two ways of writing, by its sound
        ("流浪地球", "地球"),
        ("流浪地球", "流浪"),
        ("流浪地球", "liulang"),
        ("長江", "长江"),
        ("霸王别姬", "霸王別姬"),
        ("2046之恋", "2046"),
        # Kana, Hangul
        ("かぐや姫の物語", "かぐや"),
        ("ｶﾞﾝﾀﾞﾑ", "ガンダム"),
        ("기생충", "기생"),
        # Compounds, digits
        ("Spider-Man: No Way Home", "spiderman"),
        ("Spiderman", "spider-man"),
        ("O'Brien's", "obriens"),
        ("Schindler’s List", "Schindler's"),
        ("S.W.A.T.", "swat"),
        ("WALL·E", "wall-e"),
        ("شب ۱۲", "شب 12"),
        ("ＦＩＬＭ", "film"),
    ],
)
def test_spellings_of_one_title_find_each_other(index: Index, title: str, q: str) -> None:
    assert index.rank(q, document([title])), (document([title]), tiers(q))


@pytest.mark.parametrize(
    ("q", "rank"),
    [
        ("Solaris", 1),  # the whole title
        ("solaris planet", 2),  # its words, in the titles
        ("sol", 3),  # a beginning
        ("solyaris pla", 3),  # by its sound
        ("solaris lem", 4),  # a name helps
        ("ocean", 5),  # in what is said of it
    ],
)
def test_the_nearer_a_match_the_earlier_it_stands(index: Index, q: str, rank: int) -> None:
    solaris = document(
        ["Solaris", "Solaris: the planet", "Солярис план"], ["Stanisław Lem"], ["A thinking ocean."]
    )
    assert index.rank(q, solaris) == rank


@given(phrase=phrases)
@settings(deadline=None)
def test_a_title_is_found_by_itself_before_all_others(index: Index, phrase: str) -> None:
    assume(tiers(phrase))
    assert index.rank(phrase, document([phrase])) == 1


@given(phrase=phrases, cut=st.integers(min_value=1, max_value=12))
@example(phrase="मुग़ल आज़म", cut=2)
@settings(deadline=None)
def test_a_title_is_found_by_the_beginning_of_its_last_word(
    index: Index, phrase: str, cut: int
) -> None:
    *others, last = phrase.split(" ")
    typed = " ".join([*others, last[:cut]])
    assume(tiers(last[:cut]))
    assert index.rank(typed, document([phrase]))


@given(title=phrases, name=phrases, text=phrases, cut=st.integers(min_value=1, max_value=12))
@example(title="Сталкер", name="Эльдар Рязанов", text="ель", cut=2)
@example(title="x", name="मुग़ल आज़म", text="潜行者 стал", cut=3)
@settings(deadline=None)
def test_the_index_names_by_short_beginnings_all_that_is_meant(
    index: Index, title: str, name: str, text: str, cut: int
) -> None:
    indexed = document([title], [name], [text])
    for typed in (
        f"{place.split()[0]} {other[:cut]}"
        for place in (title, name, text)
        for other in f"{title} {name} {text}".split()
    ):
        for tier in (*tiers(typed), anywhere(typed)):
            if tier is not None and index.finds(tier.exact, indexed):
                assert index.finds(tier.broad, indexed)
                assert index.finds(tier.probe, indexed), (typed, tier, indexed)


@given(title=phrases, name=phrases, text=phrases)
@settings(deadline=None)
def test_every_word_is_found_wherever_it_stands(
    index: Index, title: str, name: str, text: str
) -> None:
    indexed = document([title], [name], [text])
    for word in f"{title} {name} {text}".split():
        assert not tiers(word) or index.rank(word, indexed)


@given(text=anything)
@settings(deadline=None)
def test_whatever_is_written_can_be_indexed_and_looked_for(index: Index, text: str) -> None:
    indexed = document([text], [text], [text])
    for tier in tiers(text):
        for query in tier:
            index.finds(query, indexed)
    found = anywhere(text)
    assert (found is None) == (not tiers(text))
    assert found is None or index.finds(found.exact, indexed)


@given(text=anything)
@example(text="ΐ ǰ ŉ İ ß ﬁ ㍻ ½ ² ｶﾞ")
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize("q", ["", "   ", "!!!", "— … ?", "'", "-", "\u200c", "🎬"])
def test_a_query_without_words_looks_for_nothing(q: str) -> None:
    assert tiers(q) == []
    assert anywhere(q) is None


@pytest.mark.parametrize("q", ["a b:* & !(c|d) <-> e", "it's \\'", "x:A | y", "a' 'b"])
def test_the_marks_of_tsquery_are_just_marks(index: Index, q: str) -> None:
    assert index.rank(q, document([q])) == 1


def test_what_is_endless_is_cut(index: Index) -> None:
    endless = "слово" * 10_000
    novel = " ".join(f"word{number}" for number in range(50_000))
    indexed = document([endless, novel], [novel], [novel, endless])
    assert len(indexed) < 100_000
    assert index.rank(endless[:MAX_QUERY], indexed)
    assert index.rank("word17", indexed)
    for tier in tiers(novel):
        index.finds(tier.exact, indexed)


def test_facets_narrow_what_the_index_is_asked(index: Index) -> None:
    tier = anywhere("stalker")
    assert tier is not None
    narrowed = with_facets(tier, ["country=SU", "(genre=drama|genre=war)"])
    for facets, is_found in (
        (["country=SU", "genre=war"], True),
        (["country=SU"], False),
        (["country=KZ", "genre=drama"], False),
    ):
        indexed = document(["Stalker"], facets=facets)
        assert index.finds(narrowed.probe, indexed) is is_found
        assert index.finds(narrowed.broad, indexed) is is_found
    assert narrowed.exact == tier.exact


def test_a_facet_is_no_word_of_a_title(index: Index) -> None:
    assert index.rank("kind=feature", document(["Stalker"], facets=["kind=feature"])) is None


def test_titles_of_every_script_are_sorted_as_they_sound() -> None:
    titles = ["Zorba", "Сталкер", "stalag 17", "潜行者", "Élite", "کتاب"]
    assert sorted(titles, key=latin_order) == [
        "Élite",
        "کتاب",
        "潜行者",
        "stalag 17",
        "Сталкер",
        "Zorba",
    ]
