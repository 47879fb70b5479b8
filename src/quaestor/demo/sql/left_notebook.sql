-- The notebooks that nobody works on, and since when.
--
-- grain     one row per notebook that was left; what its platform and its GPUs tell follows from it
-- method    planted: one of a demo in August, those of a workshop in October, and some of a training
--           course that somebody deletes later
-- source    invented
select notebook, left_at
from (values
    ('nb-old-demo', timestamp '2026-08-21 11:05'),
    ('nb-workshop', timestamp '2026-10-09 16:40'),
    ($stopped_notebook, timestamp '2026-10-02 15:20')
) as n(notebook, left_at)
