"""Kernels as numba reads them: one object file per module here. A kernel is a function under `@kernel(signature)`.

A kernel allocates nothing, raises nothing and checks nothing: what calls it (in `cleanroom.lookout`) has checked shapes
and bounds. It works on pointers and plain numbers only, and says what went wrong by what it returns.
"""
