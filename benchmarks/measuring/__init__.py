"""What benchmarks share.

::

    machine.py     what figures were measured on
    commands.py    a command and the time it takes
    children.py    processes that are asked by turns
    serving.py     their side of it
    turns.py       A B A B, and ratios within a round
    projects.py    copies of the project to run commands in
    results.py     rows and goals, as JSON and as tables
    findings.py    what a benchmark tells in the end, and how its command ends
    picture.py     rows as bars and curves
    errors.py      what goes wrong
"""
