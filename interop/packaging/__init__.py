"""The release artefacts, made from the static binary. What goes into them depends on nothing but the binary, the tree
and SOURCE_DATE_EPOCH: two runs make the same bytes."""
