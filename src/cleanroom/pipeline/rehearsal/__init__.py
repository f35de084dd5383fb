"""A rehearsal plays every party on one machine: consortium, people, programs and the whole line, for real.

Nothing in it is a shortcut: the portal, the queue's worker and the institutions' receivers run as programs of their
own on loopback, and every agreement and sign-off goes through the portal's API with the token of the person who gives
it. Only the people are made up, and their keys are marked as demo keys, which production refuses.
"""
