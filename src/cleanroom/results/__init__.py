"""Results as people read them: from what was published to one page, in either language. The room and the portal draw
the same page from the same figures."""
