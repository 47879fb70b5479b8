-- The words of money that every split is written in. Whoever builds on another engine says the
-- same there (spark.py); both are exact, so that both engines agree to the last digit.

-- A part of a whole as a count of its eighteenth digits after the point, of whole numbers below
-- 9 * 10^12: a division by hand in three steps of 6 digits, each within 64 bits.
create or replace macro units_ratio(portion, whole) as
    (portion * 1000000::bigint // whole) * 1000000000000::bigint
    + (portion * 1000000::bigint % whole * 1000000::bigint // whole) * 1000000::bigint
    + portion * 1000000::bigint % whole * 1000000::bigint % whole * 1000000::bigint // whole;

-- A part of a whole as a ratio in [0, 1], cut to 18 digits after the point; 1 where they are
-- equal, null where there is no whole. Quantities have 9 digits after the point; of a whole of
-- 10^10 and more, and so of its portions, only the digits before it. Wholes are below 10^20. Small
-- ones, such as the hours of a machine's day, are divided as 64 bits: the same digits, faster.
create or replace macro share_ratio(portion, whole) as
    case
        when whole = 0 then null
        when portion = whole then 1::decimal(19, 18)
        when whole < 9000 and whole > 0 and portion < 9000 and portion >= 0 then (
            units_ratio(
                (portion::decimal(18, 9)::double * 1e9)::bigint,
                (whole::decimal(18, 9)::double * 1e9)::bigint
            )::decimal(19, 0) * 0.000000000000000001::decimal(18, 18)
        )::decimal(19, 18)
        when whole >= 10000000000 then (
            (
                portion::decimal(38, 0)::hugeint * 1000000000000000000::hugeint
                // whole::decimal(38, 0)::hugeint
            )::decimal(19, 0) * 0.000000000000000001::decimal(18, 18)
        )::decimal(19, 18)
        else (
            (
                (portion::decimal(28, 9) * 1000000000::decimal(10, 0))::hugeint
                * 1000000000000000000::hugeint
                // (whole::decimal(28, 9) * 1000000000::decimal(10, 0))::hugeint
            )::decimal(19, 0) * 0.000000000000000001::decimal(18, 18)
        )::decimal(19, 18)
    end;

-- An amount up to a ratio of it, cut to 10 digits after the point; all of it at 1. It never falls
-- as the ratio rises, nor goes beyond the amount (of one below zero: never rises).
create or replace macro money_upto(amount, ratio) as
    case
        when ratio = 1 then amount
        when ratio = 0 then amount - amount
        else trunc(
            (trunc(amount)::decimal(18, 0) * ratio)::decimal(38, 18)
            + (
                trunc(amount - trunc(amount), 18)::decimal(18, 18)
                * ratio::decimal(19, 18)
            )::decimal(38, 18),
            10
        )::decimal(38, 20)
    end;

-- The part of an amount that lies between two ratios. The parts between 0 and 1 make up the
-- amount to its last digit, and none is below zero where the amount is not.
create or replace macro money_part(amount, from_ratio, upto_ratio) as
    case
        when from_ratio = 0 then money_upto(amount, upto_ratio)
        when from_ratio = upto_ratio then amount - amount
        else money_upto(amount, upto_ratio) - money_upto(amount, from_ratio)
    end;

-- The same with whole numbers, which is many times faster where one amount is divided among many:
-- an amount as a count of its tenth digits after the point, null where it is not one (below zero,
-- 10^8 and more, more digits), and a ratio as a count of its eighteenth.
create or replace macro money_units(amount) as
    case
        when amount >= 0 and amount < 100000000 and amount = trunc(amount, 10)
            then (amount::decimal(38, 10) * 10000000000::decimal(11, 0))::bigint
    end;
create or replace macro ratio_units(ratio) as
    case
        when ratio = 1 then 1000000000000000000::bigint
        else (ratio::decimal(18, 18)::decimal(18, 9)::double * 1e9)::bigint * 1000000000::bigint
            + (
                (ratio::decimal(18, 18) - ratio::decimal(18, 18)::decimal(18, 9))::decimal(18, 18)
                ::double * 1e18
            )::bigint
    end;

-- money_upto in those units. Both counts are cut into halves of nine digits, so that no product
-- needs more than 64 bits; 5 of a billionth is the rounding of money_upto to 18 digits.
create or replace macro units_upto(units, ratio) as
    (units // 1000000000::bigint) * (ratio // 1000000000::bigint)
    + (
        (units // 1000000000::bigint) * (ratio % 1000000000::bigint)
        + (units % 1000000000::bigint) * (ratio // 1000000000::bigint)
        + (units % 1000000000::bigint) * (ratio % 1000000000::bigint) // 1000000000::bigint + 5
    ) // 1000000000::bigint;

-- money_part of an amount whose units, and those of both ratios, are at hand; of one without units
-- by its digits. Both give the same.
create or replace macro money_share(
    amount, units, from_ratio, upto_ratio, from_units, upto_units
) as
    case
        when units is not null
            then ((units_upto(units, upto_units) - units_upto(units, from_units))::decimal(18, 0)
                * 0.0000000001::decimal(11, 10))::decimal(38, 20)
        else money_part(amount, from_ratio, upto_ratio)
    end;

-- An amount in the reporting currency. Whole and broken parts are multiplied apart, since the
-- product in one piece needs more than the 38 digits of the widest decimal; each of the four
-- products has few enough, and only the last has more than 20 after the point.
create or replace macro money_at_rate(amount, rate) as
    case
        when rate = 1 then amount
        else (
            (trunc(amount)::decimal(18, 0) * trunc(rate)::decimal(10, 0))::decimal(38, 20)
            + (
                trunc(amount)::decimal(18, 0) * (rate - trunc(rate))::decimal(18, 18)
            )::decimal(38, 20)
            + (
                (amount - trunc(amount))::decimal(20, 20) * trunc(rate)::decimal(10, 0)
            )::decimal(38, 20)
            + (
                (amount - trunc(amount))::decimal(20, 20) * (rate - trunc(rate))::decimal(18, 18)
            )::decimal(38, 20)
        )
    end;
