"""Long work: asked for over HTTP, done by the worker, watched while it goes on.

How a slice above makes work long, in five lines:

1. Write `async def import_avails(means: Means, run: Run, progress: Progress) -> JsonObject | None`
   (`app.operations.handling`): what it returns is the operation's `result`; a `Problem` it raises
   is its `problem`. It may be killed at any point and run again from its start: let that be safe.
2. Name it in `HANDLERS` of `app.worker`: `{"avails.import": import_avails}`.
3. In the endpoint's service: `operation = await begin(session, actor, "avails.import", {…})`
   (`app.operations.service`), the row and the worker's job in the request's own transaction; in the
   endpoint: `status_code=202, responses=ACCEPTED` and `return accepted(operation, response)`
   (`app.operations.answers`).
4. On the way: `await progress.tell(0.4, {"rows": 4000})`, `await progress.find([Finding(…)])`, and
   between two pieces of work `if await progress.is_cancelled(): return {…}`.
5. Each piece in a transaction of its own: `async with means.transaction() as session:`; what keeps
   the processor busy goes through `asyncio.to_thread`, for other jobs share the event loop.
"""
