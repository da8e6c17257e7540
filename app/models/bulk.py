"""Imports and exports: what is done of one, and what partners call what they brought."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, JsonObject


class BulkPiece(Base):
    """A batch of rows that went in, or a part of a file that went out, and stays so."""

    __tablename__ = "bulk_pieces"
    __table_args__ = (CheckConstraint("number > 0", name="number_counts_from_1"),)

    operation_id: Mapped[int] = mapped_column(
        ForeignKey("operations.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    # From 1, in the order of the file
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rows: Mapped[int]
    # In: {"outcomes": {"created": 3 …}}. Out: {"upload_id", "etag", "bytes", "after"}
    told: Mapped[JsonObject] = mapped_column(JSONB)
    # In: the lines of the report, and what was found, deflated
    lines: Mapped[bytes | None] = mapped_column(LargeBinary)


class PartnerReference(Base):
    """What an organisation calls a company or a person that it brought to the market."""

    __tablename__ = "partner_references"
    __table_args__ = (
        CheckConstraint("reference <> ''", name="reference_is_given"),
        CheckConstraint(
            "CASE noun WHEN 'company' THEN organisation_id IS NOT NULL AND invitation_id IS NULL "
            "WHEN 'person' THEN invitation_id IS NOT NULL AND organisation_id IS NULL "
            "ELSE false END",
            name="refers_to_what_it_says",
        ),
        Index("ix_partner_references_organisation_id", "organisation_id"),
        Index("ix_partner_references_invitation_id", "invitation_id"),
    )

    owner_id: Mapped[int] = mapped_column(
        ForeignKey("organisations.id"), primary_key=True, autoincrement=False
    )
    # "company" or "person"
    noun: Mapped[str] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(primary_key=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    # By which a person came, or may come
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitations.id"))
