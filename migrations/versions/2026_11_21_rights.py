"""Three ledgers of rights: holdings, offerings, licences; what is free of each title.

Revision ID: 2026_11_21_rights
Create Date: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_21_rights"
down_revision = "2026_11_20_first_market"
branch_labels = None
depends_on = None

# The arithmetic of app/rights/rules/arithmetic.py for the database's own laws: a box without another, in at
# most four boxes; is a box held by its title's holdings together; is it offered to somebody.
ARITHMETIC = """
CREATE TYPE rights_box AS (
    territories int4multirange, media int4multirange, languages int4multirange, term datemultirange
);

CREATE FUNCTION rights_minus(box rights_box, other rights_box) RETURNS SETOF rights_box
LANGUAGE sql IMMUTABLE AS $$
    SELECT piece.* FROM (VALUES
        (box.territories - other.territories, box.media, box.languages, box.term),
        (box.territories * other.territories, box.media - other.media, box.languages, box.term),
        (box.territories * other.territories, box.media * other.media, box.languages - other.languages,
         box.term),
        (box.territories * other.territories, box.media * other.media, box.languages * other.languages,
         box.term - other.term)
    ) AS piece (territories, media, languages, term)
    WHERE NOT (isempty(territories) OR isempty(media) OR isempty(languages) OR isempty(term))
$$;

CREATE FUNCTION is_held(wanted bigint, box rights_box) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    rest rights_box[] := ARRAY[box];
    held rights_box;
BEGIN
    FOR held IN
        SELECT h.territories, h.media, h.languages, datemultirange(h.term) FROM holdings h
        WHERE h.title_id = wanted AND h.territories && box.territories AND h.media && box.media
            AND h.languages && box.languages AND h.term && box.term
    LOOP
        rest := (
            SELECT array_agg(piece) FROM unnest(rest) AS one,
                LATERAL rights_minus(ROW(one.*)::rights_box, held) AS piece
        );
        IF rest IS NULL THEN
            RETURN true;
        END IF;
    END LOOP;
    RETURN false;
END;
$$;

CREATE FUNCTION is_offered(wanted bigint, box rights_box, exclusively boolean, days integer, viewer bigint)
RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    rest rights_box[] := ARRAY[box];
    offered rights_box;
BEGIN
    PERFORM FROM holdbacks b
    WHERE b.title_id = wanted AND b.is_hard AND b.territories && box.territories AND b.media && box.media
        AND b.languages && box.languages AND b.term && box.term;
    IF FOUND THEN
        RETURN false;
    END IF;
    FOR offered IN
        SELECT o.territories, o.media, o.languages, datemultirange(o.term) FROM offerings o
        WHERE o.title_id = wanted AND o.territories && box.territories AND o.media && box.media
            AND o.languages && box.languages AND o.term && box.term AND o.min_days <= days
            AND o.exclusivity <> CASE WHEN exclusively THEN 'non_exclusive' ELSE 'exclusive' END
            AND (o.visible_to IS NULL OR viewer = ANY (o.visible_to))
    LOOP
        rest := (
            SELECT array_agg(piece) FROM unnest(rest) AS one,
                LATERAL rights_minus(ROW(one.*)::rights_box, offered) AS piece
        );
        IF rest IS NULL THEN
            RETURN true;
        END IF;
    END LOOP;
    RETURN false;
END;
$$;
"""

# Whoever changes a ledger of a title takes turns with all who do: a licence can't be sold while its holding
# is cut. The API locks the title first, too; here are those who come by another way.
TURNS = """
CREATE FUNCTION take_turns_on_title() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- What was done before one's turn came has to be seen: other levels go on seeing what was before.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'ledgers of rights change under READ COMMITTED, not under %',
            upper(current_setting('transaction_isolation')) USING ERRCODE = 'feature_not_supported';
    END IF;
    PERFORM FROM titles WHERE id IN (OLD.title_id, NEW.title_id) ORDER BY id FOR NO KEY UPDATE;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END;
$$;
CREATE TRIGGER holdings_take_turns BEFORE INSERT OR UPDATE OR DELETE ON holdings
    FOR EACH ROW EXECUTE FUNCTION take_turns_on_title();
CREATE TRIGGER offerings_take_turns BEFORE INSERT OR UPDATE OR DELETE ON offerings
    FOR EACH ROW EXECUTE FUNCTION take_turns_on_title();
CREATE TRIGGER licences_take_turns BEFORE INSERT OR UPDATE OR DELETE ON licences
    FOR EACH ROW EXECUTE FUNCTION take_turns_on_title();
"""

# The chain of title: what is offered and what is sold lies inside what is held.
CHAIN_OF_TITLE = """
CREATE FUNCTION check_licence_is_held() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT isempty(NEW.taken) AND NOT is_held(
        NEW.title_id, ROW(NEW.territories, NEW.media, NEW.languages, datemultirange(NEW.taken))::rights_box
    ) THEN
        RAISE EXCEPTION 'licence % lies outside what is held of title %', NEW.id, NEW.title_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'licence_is_held', TABLE = 'licences';
    END IF;
    RETURN NULL;
END;
$$;
CREATE TRIGGER licences_are_held
    AFTER INSERT OR UPDATE OF title_id, territories, media, languages, term, terminated_on ON licences
    FOR EACH ROW EXECUTE FUNCTION check_licence_is_held();

CREATE FUNCTION check_offering_is_held() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT is_held(
        NEW.title_id, ROW(NEW.territories, NEW.media, NEW.languages, datemultirange(NEW.term))::rights_box
    ) THEN
        RAISE EXCEPTION 'offering % lies outside what is held of title %', NEW.id, NEW.title_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'offering_is_held', TABLE = 'offerings';
    END IF;
    RETURN NULL;
END;
$$;
CREATE TRIGGER offerings_are_held
    AFTER INSERT OR UPDATE OF title_id, territories, media, languages, term ON offerings
    FOR EACH ROW EXECUTE FUNCTION check_offering_is_held();

CREATE FUNCTION check_nothing_hangs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A title that goes takes its holdings with it; what was sold keeps it from going.
    IF NOT EXISTS (SELECT FROM titles WHERE id = OLD.title_id) THEN
        RETURN NULL;
    END IF;
    IF EXISTS (
        SELECT FROM licences l WHERE l.title_id = OLD.title_id AND NOT isempty(l.taken) AND NOT is_held(
            l.title_id, ROW(l.territories, l.media, l.languages, datemultirange(l.taken))::rights_box
        )
    ) THEN
        RAISE EXCEPTION 'a licence of title % would lie outside what is held', OLD.title_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'licence_is_held', TABLE = 'holdings';
    END IF;
    IF EXISTS (
        SELECT FROM offerings o WHERE o.title_id = OLD.title_id AND NOT is_held(
            o.title_id, ROW(o.territories, o.media, o.languages, datemultirange(o.term))::rights_box
        )
    ) THEN
        RAISE EXCEPTION 'an offering of title % would lie outside what is held', OLD.title_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'offering_is_held', TABLE = 'holdings';
    END IF;
    RETURN NULL;
END;
$$;
CREATE TRIGGER holdings_bear_what_hangs_on_them
    AFTER DELETE OR UPDATE OF title_id, territories, media, languages, term ON holdings
    FOR EACH ROW EXECUTE FUNCTION check_nothing_hangs();
"""

# The market's list walks free boxes by when their titles were published. The next migration, which gives
# titles parts, has the trigger.
FOLLOW_TITLE = """
CREATE FUNCTION free_boxes_follow_title() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE free_boxes SET published_at =
        CASE WHEN NEW.state = 'published' AND NEW.part_of_id IS NULL THEN NEW.published_at END
    WHERE title_id = NEW.id;
    RETURN NULL;
END;
$$;
"""


def upgrade() -> None:
    """Make the ledgers and their laws."""
    # A change that waits for a lock makes everybody else wait behind it: give up and try again.
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "free_boxes",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("new_id()"), nullable=False),
        sa.Column("title_id", sa.BigInteger(), nullable=False),
        sa.Column("published_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("territories", postgresql.INT4MULTIRANGE(), nullable=False),
        sa.Column("media", postgresql.INT4MULTIRANGE(), nullable=False),
        sa.Column("languages", postgresql.INT4MULTIRANGE(), nullable=False),
        sa.Column("term", postgresql.DATERANGE(), nullable=False),
        sa.Column("for_exclusive", sa.Boolean(), nullable=False),
        sa.Column("for_shared", sa.Boolean(), nullable=False),
        sa.Column("min_days", sa.Integer(), nullable=False),
        sa.Column("visible_to", postgresql.ARRAY(sa.BigInteger()), nullable=True),
        sa.Column("is_rough", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["title_id"],
            ["titles.id"],
            name=op.f("fk_free_boxes_title_id_titles"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_free_boxes")),
    )
    op.create_index(
        "ix_free_boxes_exclusive",
        "free_boxes",
        ["territories", "media", "term"],
        unique=False,
        postgresql_using="gist",
        postgresql_where=sa.text("for_exclusive AND published_at IS NOT NULL"),
    )
    op.create_index(
        "ix_free_boxes_newest_exclusive",
        "free_boxes",
        [sa.literal_column("published_at DESC"), sa.literal_column("title_id DESC")],
        unique=False,
        postgresql_where=sa.text("for_exclusive AND published_at IS NOT NULL"),
    )
    op.create_index(
        "ix_free_boxes_newest_shared",
        "free_boxes",
        [sa.literal_column("published_at DESC"), sa.literal_column("title_id DESC")],
        unique=False,
        postgresql_where=sa.text("for_shared AND published_at IS NOT NULL"),
    )
    op.create_index(
        "ix_free_boxes_shared",
        "free_boxes",
        ["territories", "media", "term"],
        unique=False,
        postgresql_using="gist",
        postgresql_where=sa.text("for_shared AND published_at IS NOT NULL"),
    )
    op.create_index("ix_free_boxes_title_id", "free_boxes", ["title_id"], unique=False)
    op.create_table(
        "holdings",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("new_id()"), nullable=False),
        sa.Column("title_id", sa.BigInteger(), nullable=False),
        sa.Column("territories", postgresql.INT4MULTIRANGE(), nullable=False),
        sa.Column("media", postgresql.INT4MULTIRANGE(), nullable=False),
        sa.Column("languages", postgresql.INT4MULTIRANGE(), nullable=False),
        sa.Column("term", postgresql.DATERANGE(), nullable=False),
        sa.Column("licensor", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column(
            "source",
            sa.Enum(
                "manual",
                "avails",
                name="source",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="manual",
            nullable=False,
        ),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "NOT isempty(territories) AND NOT isempty(media) AND NOT isempty(languages) AND territories <@ int4range(0, 1024) AND media <@ int4range(0, 1024) AND lower(languages) >= 0 AND NOT isempty(term) AND NOT lower_inf(term)",
            name=op.f("ck_holdings_box_is_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["title_id"],
            ["titles.id"],
            name=op.f("fk_holdings_title_id_titles"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holdings")),
    )
    op.create_index("ix_holdings_title_id", "holdings", ["title_id"], unique=False)
    op.create_table(
        "licences",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("new_id()"), nullable=False),
        sa.Column("title_id", sa.BigInteger(), nullable=False),
        sa.Column("seller_id", sa.BigInteger(), nullable=False),
        sa.Column("licensee_id", sa.BigInteger(), nullable=True),
        sa.Column("licensee_name", sa.Text(), nullable=True),
        sa.Column("territories", postgresql.INT4MULTIRANGE(), nullable=False),
        sa.Column("media", postgresql.INT4MULTIRANGE(), nullable=False),
        sa.Column("languages", postgresql.INT4MULTIRANGE(), nullable=False),
        sa.Column("term", postgresql.DATERANGE(), nullable=False),
        sa.Column(
            "taken",
            postgresql.DATERANGE(),
            sa.Computed("term * daterange(NULL, terminated_on)", persisted=True),
            nullable=False,
        ),
        sa.Column("exclusive", sa.Boolean(), nullable=False),
        sa.Column("fee_amount", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("fee_currency", sa.Text(), nullable=True),
        sa.Column("terminated_on", sa.Date(), nullable=True),
        sa.Column("terminated_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(title_id, title_id, '[]')"), "&&"),
            (sa.column("territories"), "&&"),
            (sa.column("media"), "&&"),
            (sa.column("languages"), "&&"),
            (sa.column("taken"), "&&"),
            (
                sa.text(
                    "(CASE WHEN exclusive THEN '(,)'::int8range ELSE int8range(id, id, '[]') END)"
                ),
                "&&",
            ),
            using="gist",
            name="ex_licences_nothing_is_sold_twice",
        ),
        sa.CheckConstraint(
            "(terminated_on IS NULL) = (terminated_at IS NULL)",
            name=op.f("ck_licences_terminated_at_tells_when"),
        ),
        sa.CheckConstraint(
            "NOT isempty(territories) AND NOT isempty(media) AND NOT isempty(languages) AND territories <@ int4range(0, 1024) AND media <@ int4range(0, 1024) AND lower(languages) >= 0 AND NOT isempty(term) AND NOT lower_inf(term)",
            name=op.f("ck_licences_box_is_whole"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(fee_amount, fee_currency) IN (0, 2)",
            name=op.f("ck_licences_fee_is_money"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(licensee_id, licensee_name) = 1",
            name=op.f("ck_licences_somebody_is_the_licensee"),
        ),
        sa.ForeignKeyConstraint(
            ["licensee_id"],
            ["organisations.id"],
            name=op.f("fk_licences_licensee_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["seller_id"], ["organisations.id"], name=op.f("fk_licences_seller_id_organisations")
        ),
        sa.ForeignKeyConstraint(
            ["title_id"], ["titles.id"], name=op.f("fk_licences_title_id_titles")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_licences")),
    )
    op.create_index(
        "ix_licences_licensee_id",
        "licences",
        ["licensee_id", sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_licences_seller_id",
        "licences",
        ["seller_id", sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_licences_title_id", "licences", ["title_id", sa.literal_column("id DESC")], unique=False
    )
    op.create_table(
        "offerings",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("new_id()"), nullable=False),
        sa.Column("title_id", sa.BigInteger(), nullable=False),
        sa.Column("territories", postgresql.INT4MULTIRANGE(), nullable=False),
        sa.Column("media", postgresql.INT4MULTIRANGE(), nullable=False),
        sa.Column("languages", postgresql.INT4MULTIRANGE(), nullable=False),
        sa.Column("term", postgresql.DATERANGE(), nullable=False),
        sa.Column(
            "exclusivity",
            sa.Enum(
                "exclusive",
                "non_exclusive",
                "either",
                name="exclusivity",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="either",
            nullable=False,
        ),
        sa.Column("min_days", sa.Integer(), server_default="1", nullable=False),
        sa.Column("price", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("visible_to", postgresql.ARRAY(sa.BigInteger()), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column(
            "source",
            sa.Enum(
                "manual",
                "avails",
                name="source",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="manual",
            nullable=False,
        ),
        sa.Column("avails", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("avails_key", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(source = 'avails') = (avails IS NOT NULL)",
            name=op.f("ck_offerings_avails_have_a_row"),
        ),
        sa.CheckConstraint("visible_to <> '{}'", name=op.f("ck_offerings_somebody_sees_it")),
        sa.CheckConstraint(
            "NOT isempty(territories) AND NOT isempty(media) AND NOT isempty(languages) AND territories <@ int4range(0, 1024) AND media <@ int4range(0, 1024) AND lower(languages) >= 0 AND NOT isempty(term) AND NOT lower_inf(term)",
            name=op.f("ck_offerings_box_is_whole"),
        ),
        sa.CheckConstraint(
            "min_days BETWEEN 1 AND 36500", name=op.f("ck_offerings_min_days_is_plausible")
        ),
        sa.ForeignKeyConstraint(
            ["title_id"],
            ["titles.id"],
            name=op.f("fk_offerings_title_id_titles"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offerings")),
    )
    op.create_index("ix_offerings_title_id", "offerings", ["title_id"], unique=False)
    op.create_index(
        "uq_offerings_title_id_avails_key",
        "offerings",
        ["title_id", "avails_key"],
        unique=True,
        postgresql_where=sa.text("avails_key IS NOT NULL"),
    )
    op.create_table(
        "holdbacks",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("new_id()"), nullable=False),
        sa.Column("title_id", sa.BigInteger(), nullable=False),
        sa.Column("offering_id", sa.BigInteger(), nullable=False),
        sa.Column("territories", postgresql.INT4MULTIRANGE(), nullable=False),
        sa.Column("media", postgresql.INT4MULTIRANGE(), nullable=False),
        sa.Column("languages", postgresql.INT4MULTIRANGE(), nullable=False),
        sa.Column("term", postgresql.DATERANGE(), nullable=False),
        sa.Column("is_hard", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "NOT isempty(territories) AND NOT isempty(media) AND NOT isempty(languages) AND territories <@ int4range(0, 1024) AND media <@ int4range(0, 1024) AND lower(languages) >= 0 AND NOT isempty(term) AND NOT lower_inf(term)",
            name=op.f("ck_holdbacks_box_is_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["offering_id"],
            ["offerings.id"],
            name=op.f("fk_holdbacks_offering_id_offerings"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["title_id"],
            ["titles.id"],
            name=op.f("fk_holdbacks_title_id_titles"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holdbacks")),
    )
    op.create_index("ix_holdbacks_offering_id", "holdbacks", ["offering_id"], unique=False)
    op.create_index("ix_holdbacks_title_id", "holdbacks", ["title_id"], unique=False)
    op.execute(ARITHMETIC)
    op.execute(TURNS)
    op.execute(CHAIN_OF_TITLE)
    op.execute(FOLLOW_TITLE)


def downgrade() -> None:
    """Drop the ledgers, with all that is in them."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in ("holdbacks", "offerings", "licences", "holdings", "free_boxes"):
        op.drop_table(table)
    for function in (
        "free_boxes_follow_title",
        "check_nothing_hangs",
        "check_offering_is_held",
        "check_licence_is_held",
        "take_turns_on_title",
        "is_offered",
        "is_held",
        "rights_minus",
    ):
        op.execute(f"DROP FUNCTION {function}")
    op.execute("DROP TYPE rights_box")
