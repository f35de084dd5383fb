"""Compiled loops over the graph's arrays: `kernels("searching")` gives those of `source/searching.py`.

`source/` holds them as Python that numba compiles; nothing imports it at run time. `compiling` (a process of its own)
turns a module into an object file, kept per version of source, compiler and processor; `loading` maps that file in a
fraction of the time that importing the compiler takes.
"""
