"""The lab: a miniature hospital in podman containers, for the demo and for the tests.

Run it as root with ``PYTHONPATH=tests python -m lab up``. The host never opens a connection to a lab address:
everything goes through ``podman exec``, and Ansible by SSH through the node ops1 (see README.md).
"""
