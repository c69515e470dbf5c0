"""고객포털 FAQ with the guide's five questions."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

WRITTEN_AT = datetime(2023, 9, 1, tzinfo=UTC)
SEEDS = (
    (
        "JOINING",
        "다우오피스의 상품 유형에 대해 설명해주세요.",
        "공유형과 단독형이 있습니다. 공유형은 여러 회사가 서버를 함께 쓰는 방식으로 주문 즉시 개설되며, 10인 미만 회사는"
        " 무료로 쓸 수 있습니다. 단독형은 회사만의 서버를 쓰는 방식입니다. 요금제와 부가 상품의 가격은 신규주문에서 볼 수"
        " 있습니다.",
        "Which kinds of products are there?",
        "Shared and dedicated ones. A shared site is on servers that several companies share: it is opened as soon as"
        " it is ordered, and is free for companies with fewer than ten people. A dedicated site has servers of its own."
        " Plans, add-ons and prices are shown under New order.",
    ),
    (
        "PAYING",
        "다우오피스를 무료로 체험해 볼 수 있나요? 언제까지 무료로 사용할 수 있나요?",
        "네. 무료 상품(공유형 무료)으로 체험하실 수 있습니다. 10인 미만 회사라면 9개 계정까지 무료이며, 사용 기한은 없습니다."
        " 결제 수단을 등록하지 않아도 됩니다.",
        "Can I try it for free, and for how long?",
        "Yes, with the free shared plan: up to nine accounts for companies with fewer than ten people, without an end"
        " date and without a means of payment.",
    ),
    (
        "EXTENDING",
        "무료 상품에서 유료 상품으로 업그레이드하고 싶습니다.",
        "추가/연장주문에서 상품 변경을 선택해 주문하면 결제 후 바로 유료 상품으로 바뀝니다. 쓰던 사이트와 자료는 그대로"
        " 이어집니다.",
        "How do I upgrade from the free plan to a paid one?",
        "Order a change of plan under Add or extend. It takes effect as soon as it is paid, and the site with all its"
        " data stays.",
    ),
    (
        "STARTING",
        "유료 상품으로 업그레이드하더라도 9개 계정까지는 계속 무료로 사용할 수 있나요?",
        "아니요. 유료 상품으로 변경하면 모든 계정에 요금이 부과됩니다. 9개 계정까지 무료인 것은 무료 상품을 쓰는 동안입니다.",
        "Are nine accounts still free after an upgrade to a paid plan?",
        "No. On a paid plan every account is charged; nine accounts are free on the free plan only.",
    ),
    (
        "SUPPORT",
        "계약서를 작성해야 하나요?",
        "따로 작성하지 않습니다. 주문할 때 동의하신 약관이 담긴 주문확인서가 계약서를 갈음하며, 주문/구매내역과 문서함에서"
        " 내려받을 수 있습니다.",
        "Do we have to sign a contract?",
        "No. The order confirmation (주문확인서) with the terms that were agreed to stands for the contract; it is among"
        " the order's documents.",
    ),
)


def upgrade() -> None:
    entries = op.create_table(
        "faq_entries",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("question_ko", sa.Text(), nullable=False),
        sa.Column("answer_ko", sa.Text(), nullable=False),
        sa.Column("question_en", sa.Text(), nullable=False),
        sa.Column("answer_en", sa.Text(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "searched",
            sa.Text(),
            sa.Computed(
                "lower(normalize(question_ko || ' ' || answer_ko || ' ' || question_en || ' '"
                " || answer_en, NFD))",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "category IN ('JOINING', 'PAYING', 'EXTENDING', 'STARTING', 'SUPPORT')",
            name=op.f("ck_faq_entries_category"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_faq_entries")),
    )
    op.create_index(
        "ix_faq_entries_searched",
        "faq_entries",
        ["searched"],
        postgresql_using="gin",
        postgresql_ops={"searched": "gin_trgm_ops"},
    )
    op.create_index(
        op.f("ix_faq_entries_category_position"), "faq_entries", ["category", "position"]
    )
    op.create_table(
        "faq_views",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("views", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["faq_entries.id"], name=op.f("fk_faq_views_entry_id")
        ),
        sa.PrimaryKeyConstraint("entry_id", "shard", name=op.f("pk_faq_views")),
    )
    op.create_table(
        "faq_feedback",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("voter", sa.LargeBinary(), nullable=False),
        sa.Column("helpful", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["faq_entries.id"], name=op.f("fk_faq_feedback_entry_id")
        ),
        sa.PrimaryKeyConstraint("entry_id", "voter", name=op.f("pk_faq_feedback")),
    )
    op.create_index(op.f("ix_faq_feedback_updated_at"), "faq_feedback", ["updated_at"])
    op.execute("GRANT SELECT ON faq_entries TO portal_api")
    op.execute("GRANT SELECT, INSERT, UPDATE ON faq_views, faq_feedback TO portal_api")
    op.execute(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON faq_entries, faq_views, faq_feedback"
        " TO portal_system"
    )
    op.bulk_insert(
        entries,
        [
            {
                "category": category,
                "position": 1,
                "question_ko": question_ko,
                "answer_ko": answer_ko,
                "question_en": question_en,
                "answer_en": answer_en,
                "published": True,
                "created_at": WRITTEN_AT,
                "updated_at": WRITTEN_AT,
            }
            for category, question_ko, answer_ko, question_en, answer_en in SEEDS
        ],
    )


def downgrade() -> None:
    op.drop_table("faq_feedback")
    op.drop_table("faq_views")
    op.drop_table("faq_entries")
