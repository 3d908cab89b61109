"""`passbookctl`: the operators' command, with the branch's authority; the daemon never imports it.

Theory of operation. The command is a client like `teller`: it asks the running appliance over the operators' socket
and shows the answer as a table or as JSON. It decides nothing that the appliance decides. Two deeds need no
appliance. `pki` keeps the authority of the branch, whose key does not lie with the data. `verify --areas` checks the
folders of the store, or copies of them, on private copies; nothing in them is changed.

The import-linter keeps the daemon from importing this room. So the authority's code, which can make any terminal, is
no part of the process that strangers reach. For example `passbookctl cancel` sends the whole id of a job whose
beginning a person typed, and fails when the job did not end by it.
"""
