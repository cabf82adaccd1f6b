"""The fidelity matrix: every kind of pool × every kind of user that can exist in it, exported and imported.

    pool_kinds, user_kinds, group_kinds, values     what there is: the definitions
    settings                                        the rest of a pool's configuration: clients, providers, …
    filling                                         a pool of a kind, filled as applications fill it
    observing, probing                              a pool as it is from outside: listings, and sign-ins
    limits, judging, judging_pool                   what AWS lets come back, and what became of each field
    rows, cells, table                              the table: its rows, its cells, its page
    run, tables                                     the whole, on a running embedded AWS
    interruptions, endings, same_end, kill_points   imports that are killed and resumed: `make kill-points`

`make fidelity` runs it, `docs/fidelity.md` is what it writes. Like `local.comparison` it judges the product
from outside, by plain boto3, and shares none of its code.
"""
