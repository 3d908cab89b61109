"""`passbookctl`: the operators' command, with the branch's authority; the daemon never imports it."""
