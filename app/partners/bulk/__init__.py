"""Titles, companies and people in by the thousand, and whatever one may list out, over HTTP.

In: files (or items of a body, kept as a file) lie in the store; `importing` reads one, batch by
batch, through an importer (`title_rows`, `company_rows`, `people_rows`). Out: `exporting` takes
chunks of NDJSON from a source (`title_source`, `sources`) and sends them on to the store, part by
part. Both write down each piece (`pieces`) when it is done, and go on behind it. `by_reference`
does the same for one row at once. See docs/bulk.md and docs/decisions/0028-bulk.md.
"""
