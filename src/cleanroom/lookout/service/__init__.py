"""The service over the graph: a supervisor, one keeper that writes, workers that answer over HTTP.

`supervisor` starts and restarts the others. `keeper` takes batches from `spool`, appends them to the index, advances
the verdicts and merges. `worker` serves `app`; what can be asked stands in `calls`, in the shapes of `questions` and
`answers`. They share folders (`folders`), nothing else.
"""
