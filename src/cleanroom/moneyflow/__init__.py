"""Following the money: layers away from watch-listed accounts, in order of time.

The warehouse does it with SQL (dbt_project/models/intermediate/moneyflow). What stands here is its meaning: slow,
obvious and pure, so that every engine can be held against it.
"""
