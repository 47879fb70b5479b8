-- The words of schema/005_words.sql as Spark says them: the same arguments, the same digits.
--
-- Spark has no integer above 64 bits and no `trunc` of decimals. A remainder is exact there, and
-- so is `div` of two whole decimals; every intermediate has room in 38 digits. The session's
-- settings (spark.py) keep the scale of sums, and make an overflow an error.

create or replace temporary function share_ratio(
    portion decimal(38, 9), whole decimal(38, 9)
) returns decimal(19, 18) return
    case
        when whole = 0 then null
        when portion = whole then cast(1 as decimal(19, 18))
        when whole >= 10000000000BD then cast(
            cast(
                cast(cast(portion as decimal(20, 0)) * 1000000000000000000BD as decimal(38, 0))
                div cast(whole as decimal(20, 0))
                as decimal(19, 0)
            ) * 0.000000000000000001BD as decimal(19, 18)
        )
        else cast(
            cast(
                cast(
                    cast(cast(portion as decimal(28, 9)) * 1000000000BD as decimal(20, 0))
                    * 1000000000000000000BD as decimal(38, 0)
                )
                div cast(cast(whole as decimal(28, 9)) * 1000000000BD as decimal(20, 0))
                as decimal(19, 0)
            ) * 0.000000000000000001BD as decimal(19, 18)
        )
    end;

-- An amount cut to 10 digits after the point.
create or replace temporary function money_cut(
    amount decimal(38, 18)
) returns decimal(38, 20) return
    cast(amount - amount % 0.0000000001BD as decimal(38, 20));

create or replace temporary function money_upto(
    amount decimal(38, 20), ratio decimal(19, 18)
) returns decimal(38, 20) return
    case
        when ratio = 1 then amount
        else money_cut(
            cast(cast(amount - amount % 1BD as decimal(18, 0)) * ratio as decimal(37, 18))
            + cast(
                cast(amount % 1BD - amount % 0.000000000000000001BD as decimal(18, 18)) * ratio
                as decimal(37, 18)
            )
        )
    end;

create or replace temporary function money_part(
    amount decimal(38, 20), from_ratio decimal(19, 18), upto_ratio decimal(19, 18)
) returns decimal(38, 20) return
    money_upto(amount, upto_ratio) - money_upto(amount, from_ratio);

create or replace temporary function units_ratio(
    portion bigint, whole bigint
) returns bigint return
    (portion * 1000000 div whole) * 1000000000000
    + (portion * 1000000 % whole * 1000000 div whole) * 1000000
    + portion * 1000000 % whole * 1000000 % whole * 1000000 div whole;

create or replace temporary function money_units(
    amount decimal(38, 20)
) returns bigint return
    case
        when amount >= 0 and amount < 100000000BD and amount % 0.0000000001BD = 0
            then cast(cast(amount as decimal(18, 10)) * 10000000000BD as bigint)
    end;

create or replace temporary function ratio_units(
    ratio decimal(19, 18)
) returns bigint return
    cast(ratio * 1000000000000000000BD as bigint);

create or replace temporary function units_upto(
    units bigint, ratio bigint
) returns bigint return
    (units div 1000000000) * (ratio div 1000000000)
    + (
        (units div 1000000000) * (ratio % 1000000000)
        + (units % 1000000000) * (ratio div 1000000000)
        + (units % 1000000000) * (ratio % 1000000000) div 1000000000 + 5
    ) div 1000000000;

create or replace temporary function money_share(
    amount decimal(38, 20), units bigint, from_ratio decimal(19, 18), upto_ratio decimal(19, 18),
    from_units bigint, upto_units bigint
) returns decimal(38, 20) return
    case
        when units is not null then cast(
            cast(units_upto(units, upto_units) - units_upto(units, from_units) as decimal(18, 0))
            * 0.0000000001BD as decimal(38, 20)
        )
        else money_part(amount, from_ratio, upto_ratio)
    end;

create or replace temporary function money_at_rate(
    amount decimal(38, 20), rate decimal(28, 18)
) returns decimal(38, 20) return
    case
        when rate = 1 then amount
        else
            cast(
                cast(amount - amount % 1BD as decimal(18, 0))
                * cast(rate - rate % 1BD as decimal(10, 0)) as decimal(38, 20)
            )
            + cast(
                cast(amount - amount % 1BD as decimal(18, 0))
                * cast(rate % 1BD as decimal(18, 18)) as decimal(38, 20)
            )
            + cast(
                cast(amount % 1BD as decimal(20, 20))
                * cast(rate - rate % 1BD as decimal(10, 0)) as decimal(38, 20)
            )
            + cast(
                cast(amount % 1BD as decimal(20, 20))
                * cast(rate % 1BD as decimal(18, 18)) as decimal(38, 20)
            )
    end;
