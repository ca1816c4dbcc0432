"""The one door through which leads change.

    with changing([lead.pk], by=user, now=now) as change:
        change_lead(change, lead=lead, values={"city": "Kiel"})

A change is one transaction. It locks leads (`hold`), is told by actions what became different (`note`), and leaves
one mark for each lead that was noted; to lock a lead in order to look at it marks nothing. `routing.actions.changing`
is the same door with scores and hand-overs settled at its exit. A door opened inside another joins it, and only the
outermost marks or settles.

Order of locks. Whoever holds several at a time takes them in this order, each kind by ascending id:

1. the lock between imports (capture), also taken by whoever renames or removes companies
2. a regrade run, then its chunk (scoring.actions.runs)
3. leads
   whoever removes some takes the stronger lock on leads that it holds already, FOR UPDATE and by ascending id as well:
   it waits for whoever wrote down something of a lead without holding it (capture.importing.actions.undoing)
   and with them, shared, the answers of fields (Lock.ANSWERS), by whoever writes answers; who deletes one waits for
   that lock holding nothing but the field (leads.actions.answers)
   then companies that are new, or that go, by key, and external ids, which the database enters by itself: whoever
   brings the same waits until the other has committed
4. what belongs to a held lead: hand-overs, tasks
5. pools, for which a page does not wait
6. marks (leads_dirtylead), at the exit of a change
7. the lock between all who bring new people (leads.intake.newcomers), after the door and just before the commit:
   nothing is waited for any more with it

A worker finds its leads by their marks, and locks the lead before the mark as well. It waits for neither: whose lead or
mark somebody else holds is left for the next time, unlocked (scoring.actions.claim_dirty).
"""

from leads.changes.change import Change, Note, changing, ids_of

__all__ = ["Change", "Note", "changing", "ids_of"]
