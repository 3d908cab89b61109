"""The operator's settings: the configuration file, and all files that it names.

Theory of operation.  This room reads the file once into frozen values; an error names the wrong key with its place, the
expected value and the nearest known key. The same code reads and judges the files that it names, for a check and for a
boot.

The attacker is not here: a person who can write these files owns the appliance. The failure is a typing error, found at
once or years later at the boot after a power cut. So nothing is guessed and no unknown key is passed over: a set-up
that does not hold stops the boot with one sentence, before an area is touched. `passbookd --check` says that sentence
without a boot. Tables that depend on each other are judged together: `mail_settings` refuses a route to a hop or a
printer that no table has.

For example a set-up file with the key `pritners` stops the boot with its place and the words `did you mean printers?`.
"""
