"""The one door through which leads change.

    with changing([lead.pk], by=user, now=now) as change:
        change_lead(change, lead=lead, values={"city": "Kiel"})

A change is one transaction. It locks leads (`hold`), is told by actions what became different (`note`), and leaves
one mark for each lead that was noted; to lock a lead in order to look at it marks nothing. `routing.actions.changing`
is the same door with scores and hand-overs settled at its exit. A door opened inside another joins it, and only the
outermost marks or settles.

Order of locks. Whoever holds several at a time takes them in this order, each kind by ascending id:

1. the lock between imports (capture)
2. a regrade run, then its chunk (scoring.actions.runs)
3. marks (leads_dirtylead)
4. leads
5. what belongs to a held lead: hand-overs, tasks
6. pools
7. the lock between all who bring new people (leads.intake.newcomers), with which nothing is waited for any more

A worker finds its leads by their marks, so it holds those first, and so does a change. Two come out of turn, each
rarely: a mark that a change leaves at its exit where somebody marked the lead after it was locked, and a regrade's
hold on leads that others marked. The worker on the other side gives way before PostgreSQL would call a deadlock.
"""

from leads.changes.change import Change, Note, changing, ids_of

__all__ = ["Change", "Note", "changing", "ids_of"]
