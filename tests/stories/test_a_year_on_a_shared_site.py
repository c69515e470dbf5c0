"""한빛상사, 2027: a quote, a shared site for ten, and it grows. Prices of the guide, KRW.

A user costs 4,000 a month, a GB 500, set-up 50,000; VAT is 10 % of the supply, rounded down.
"""

from tests.contracts import add_extend
from tests.flows import item
from tests.stories.diary import Diary


async def test_a_year_of_a_company_that_grows(diary: Diary) -> None:
    # 15 March: the company signs up and asks for a quote.
    await diary.on(2027, 3, 15)
    await diary.signs_up()
    # 10 × 4,000 × 12 = 480,000, set-up 50,000: 530,000, and 53,000 VAT.
    wanted = {"type": "NEW", "plan": "SHARED", "users": 10, "months": 12}
    quote = await diary.asks_for_a_quote(wanted, total=583_000)

    # 25 March: the boss has agreed; the quote is ordered, paid, and the site is open.
    await diary.on(2027, 3, 25)
    made = await diary.orders_the_quote(quote, item()["site"])
    assert made.status_code == 201, made.text
    first = await diary.pays(made.json())
    assert first["applied_on"] == "2027-03-25"
    (site,) = await diary.memberships()
    await diary.sees(
        site, users=10, storage_gb=10, monthly_fee=40_000, expires_on="2028-03-24", status="IN_USE"
    )

    # 25 April, the first day of the second contract month: five more for the 11 that are left.
    await diary.on(2027, 4, 25)
    # 5 × 4,000 × 11 = 220,000, and 22,000 VAT.
    await diary.buys(add_extend(site, users=5), total=242_000)
    await diary.sees(site, users=15, storage_gb=15, monthly_fee=60_000)

    # 10 June: 20 GB. Of the contract month 25 May to 24 June (31 days) 15 days are left, then nine.
    await diary.on(2027, 6, 10)
    # 20 × 500 = 10,000 a month: 90,000 + 10,000 × 15/31 = 4,838.7; 94,839, and 9,483 VAT.
    await diary.buys(add_extend(site, STORAGE_GB=20), total=104_322)
    await diary.sees(site, storage_gb=35, monthly_fee=70_000)

    # 1 September: three more, with a coupon of 10 % for the licences.
    await diary.on(2027, 9, 1)
    await diary.coupon("THANKS10", 10, "2027-08-01", "2027-09-30")
    # Of 25 August to 24 September (31 days) 24 are left, then six months:
    # 12,000 × 6 + 12,000 × 24/31 = 9,290.3: 81,290; the coupon takes 8,129.
    # 73,161, and 7,316 VAT.
    with_coupon = {"coupon_code": "THANKS10"}
    await diary.buys(add_extend(site, users=3), total=80_477, **with_coupon)
    await diary.sees(site, users=18, monthly_fee=82_000)
    # Once a company.
    refused = await diary.refused(add_extend(site, users=4), total=107_303, **with_coupon)
    assert refused == "coupon_unknown"

    # 10 October: two more are ordered, and paid a day later.
    await diary.on(2027, 10, 10)
    # Of 25 September to 24 October (30 days) 15 are left, then five months:
    # 8,000 × 5 + 8,000 × 15/30 = 44,000, and 4,400 VAT.
    two_more = await diary.orders(add_extend(site, users=2), total=48_400)
    await diary.on(2027, 10, 11)
    await diary.pays(two_more)
    # Of the 44,000 the days from the 11th are worth 44,000 × (5 + 14/30) / 5.5 = 43,733.3.
    # The day that was not served comes back: 267, and 26 VAT.
    await diary.sees_the_balance(293)
    await diary.sees(site, users=20, monthly_fee=90_000)

    # 20 February: a month before the end the whole is extended by a year.
    await diary.on(2028, 2, 20)
    # 20 × 4,000 × 12 = 960,000, 20 × 500 × 12 = 120,000: 1,080,000, and 108,000 VAT.
    extended = await diary.buys(add_extend(site, months=12), total=1_188_000)
    await diary.sees(site, users=20, expires_on="2029-03-24", monthly_fee=90_000)
    await diary.downloads_the_papers(extended)

    # The books: six orders, and what the card was charged is what they say.
    rows = await diary.downloads_the_history()
    assert [row[3] for row in rows] == ["연장", "추가", "추가", "추가", "추가", "신규"]
    assert [int(row[8]) for row in rows] == [1_188_000, 48_400, 80_477, 104_322, 242_000, 583_000]
    assert diary.paid == 2_246_199  # their sum
