"""`python -m app.cli`: how `filmmart run` starts its own children."""

from app.cli import main

if __name__ == "__main__":
    main()
