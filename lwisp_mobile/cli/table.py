"""The runtime's subcommands."""

from lwisp_mobile.cli.command import CommandEntry

COMMANDS = (
    CommandEntry("develop", "Develop a RAW file into a picture.", "lwisp_mobile.cli.develop:develop", "raw"),
    CommandEntry(
        "inspect", "Show what a RAW file, model, checkpoint or bundle contains.", "lwisp_mobile.cli.inspect:inspect"
    ),
    CommandEntry("models", "List the models that ship, or copy one for an app.", "lwisp_mobile.cli.models:models"),
    CommandEntry("time", "Time a bundle's model on this machine.", "lwisp_mobile.cli.time:time"),
    CommandEntry("pack", "Write a bundle's folder as a .zip.", "lwisp_mobile.cli.bundles:pack"),
    CommandEntry("sign", "Sign a bundle with a private key.", "lwisp_mobile.cli.bundles:sign", "signing"),
    CommandEntry(
        "verify-signature",
        "Check who signed a bundle.",
        "lwisp_mobile.cli.bundles:verify_signature",
        "signing",
    ),
    CommandEntry(
        "completion",
        "Print a script that completes commands in a shell.",
        "lwisp_mobile.cli.completion:completion",
        "completion",
    ),
)
