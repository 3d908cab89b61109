"""An appliance whose mail door lets one address have all connections; a program in passbookd's place.

All senders of a measurement have the same address.
"""

from __future__ import annotations

import sys

from firmware.__main__ import main
from firmware.doors import mail_door

if __name__ == "__main__":
    mail_door.MOST_OF_ADDRESS = mail_door.MOST_CONNECTIONS  # type: ignore[misc]
    sys.exit(main(sys.argv[1:]))
