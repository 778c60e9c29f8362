"""Measures pvemigrate and its peers side by side: ``python -m benchmarks`` in the checkout.

``inputs.py`` makes the files, ``machine.py`` finds or installs what is measured, ``comparisons.py``
says what is compared with what and where the bars are, ``measure.py`` takes the times, ``table.py``
judges and prints. ``readers/`` holds what runs in the processes that are measured: one program for
each peer. Needs Python 3.9 or later and its standard library; what is measured runs on the same
Python.
"""
