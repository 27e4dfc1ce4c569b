"""«sketch»: pictures put together from clip art. It needs no key and no GPU, and it is not an AI image model.

Nothing is imported here, so that the child process which draws loads the drawing alone.
"""
