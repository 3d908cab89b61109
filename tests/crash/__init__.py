"""The states in which power cuts, failing disks and damage leave a store, tried one by one."""
