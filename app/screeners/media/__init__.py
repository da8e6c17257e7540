"""A film, from a file to renditions, pictures and texts: files in, files out.

It knows nothing of the market. Whatever opens a seller's file does it in a child process that has
no network, no more memory than a limit, and an end (`isolation`).

    bench = Bench(await find_fences(), scratch)               # found once, at the start of work
    facts = await probe(path, "video/mp4", bench)             # or MediaRefusedError
    film = Film(path, facts)
    renditions = renditions_of(facts.video)
    for piece in pieces_of(facts.duration_ms):                # 60 s each, each by itself
        made = await transcode_piece(film, renditions, piece, bench)
    for track in facts.audio:
        sound = await transcode_audio(film, track, bench)
    pictures = await make_pictures(film, bench)
    texts = await extract_subtitles(film, bench)
"""
