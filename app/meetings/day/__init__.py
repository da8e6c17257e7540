"""On the day: who came, what became of it, the organisers' grid, moves, and agendas to print."""
