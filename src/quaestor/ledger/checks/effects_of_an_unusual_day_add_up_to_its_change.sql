-- Price, volume, mix, efficiency, version and what is not measured make up the change. No tolerance.
-- rows from ledger.anomaly
select scope, subject, day, change
from ledger.anomaly
where price_effect is not null
    and price_effect + volume_effect + mix_effect + efficiency_effect + version_effect
        + unmeasured_effect is distinct from change
