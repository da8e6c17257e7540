"""MovieLabs/EMA Avails, in and out: spreadsheets 1.6 to 1.9, XML 2.2 to 2.7.

columns, values → rows (one avail, whatever brought it) ← xlsx_reading, xml_reading ← files.
rules says what is wrong with a row, meaning what it offers; xlsx_writing and xml_writing write
rows again. All of that knows no database. See docs/avails.md.
"""
