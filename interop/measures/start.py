"""From exec to the first SYN, to both sessions Established, and to the VIP at both routers.
"""


def add_arguments(parser):
    """The options."""


def run(binary, options):
    """."""
    return False
