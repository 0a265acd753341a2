"""Bugs of the end-to-end encryption: a check that is left out, a key that is used again."""

from tests.planted.copying import Bug, in_file

COMMITS = (
    "tests/mls/test_commits.py",
    "tests/mls/operations/test_receiving.py",
    "tests/mls/operations/test_outside.py",
)

BUGS: tuple[Bug, ...] = (
    *in_file(
        "reactor_chat/mls/commits.py",
        COMMITS,
        (
            "a confirmation tag is not compared",
            'if not hmac.compare_digest(following.state.confirmation_tag, authenticated.confirmation_tag or b""):',
            "if authenticated.confirmation_tag is None:",
        ),
        (
            "a commit needs no path",
            "if commit.path is None and is_path_required(proposals):",
            "if commit.path is None and not proposals:",
        ),
        ("an epoch is not counted", "epoch=epoch.context.epoch + 1,", "epoch=epoch.context.epoch,"),
    ),
    *in_file(
        "reactor_chat/mls/operations/receiving.py",
        COMMITS,
        (
            "a message's signature is not checked",
            "    verify(state.epoch.suite, signer_of(state.epoch, opened.content), opened, state.epoch.encoded_context)\n",
            "    signer_of(state.epoch, opened.content)\n",
        ),
        (
            "one's own message is taken for another's",
            "    if opened.content.sender == MemberSender(state.own_leaf):\n",
            "    if opened.content.sender is None:\n",
        ),
    ),
    *in_file(
        "reactor_chat/mls/framing.py",
        ("tests/mls/test_framing.py",),
        (
            "a membership tag is not checked",
            "        suite.check_mac(membership_key, _membership_tagged(authenticated, context), message.membership_tag)\n",
            "        pass\n",
        ),
        ("padding hides something", "    if typed.count(0, end) != len(typed) - end:\n", "    if not typed:\n"),
        (
            "application data travels in the open",
            "    if content_type(message.content.content) == ContentType.APPLICATION:\n",
            "    if not message.content.content:\n",
        ),
    ),
    *in_file(
        "reactor_chat/mls/values.py",
        ("tests/mls/test_values.py",),
        ("a repr shows secrets", " if name not in hidden)", ")"),
    ),
    *in_file(
        "reactor_chat/mls/tree/secrettree.py",
        ("tests/mls/tree/test_secrettree.py",),
        (
            "a message's key is not used up",
            "ratchets = {**opened.ratchets, (leaf_index, kind): following}",
            "ratchets = {**opened.ratchets, (leaf_index, kind): ratchet}",
        ),
        (
            "a ratchet is wound on without end",
            "GENERATIONS_AHEAD_MAX or wanted",
            "10 * GENERATIONS_AHEAD_MAX or wanted",
        ),
    ),
    *in_file(
        "reactor_chat/mls/tree/validation.py",
        ("tests/mls/tree/test_validation.py", "tests/mls/tree/test_treekem.py"),
        (
            "a leaf outside of its lifetime will do",
            "not source.not_before <= now <= source.not_after:",
            "not source.not_before <= now:",
        ),
        (
            "a KeyPackage uses one key twice",
            "    if package.init_key == leaf.encryption_key:\n",
            "    if not package.init_key:\n",
        ),
        (
            "a KeyPackage's signature is not checked",
            '    suite.verify_with_label(leaf.signature_key, b"KeyPackageTBS", package.to_be_signed(), package.signature)\n',
            "",
        ),
        (
            "a tree is not the one of the group",
            "    if tree.root_hash() != context.tree_hash:\n",
            "    if not tree.root_hash():\n",
        ),
        (
            "a lifetime that nobody signed blames the clock",
            '    suite.verify_with_label(leaf.signature_key, b"LeafNodeTBS", leaf.to_be_signed(group_id, leaf_index), leaf.signature)\n',
            "",
        ),
        ("a path uses a key of the tree", "or not set(new_keys).isdisjoint(every):", "or not every:"),
    ),
    *in_file(
        "reactor_chat/mls/operations/welcome.py",
        ("tests/mls/operations/test_welcome.py",),
        (
            "a GroupInfo's signature is not checked",
            '    scheme.verify_with_label(signer.signature_key, b"GroupInfoTBS", info.to_be_signed(), info.signature)\n',
            "",
        ),
        (
            "a Welcome's confirmation tag is not checked",
            "    scheme.check_mac(secrets.confirmation_key, context.confirmed_transcript_hash, opened.info.confirmation_tag)\n",
            "",
        ),
        (
            "a Welcome to any number of newcomers is read",
            "if options.members_max is not None and len(welcome.secrets) > options.members_max:",
            "if not welcome.secrets:",
        ),
        (
            "a Welcome to a group of any size is taken",
            "options.encoded_tree, options.now, options.members_max)",
            "options.encoded_tree, options.now)",
        ),
    ),
    *in_file(
        "reactor_chat/mls/group.py",
        ("tests/mls/operations/test_welcome.py",),
        (
            "a Welcome of any length is read",
            "if members_max is not None and len(welcome) > (members_max + 1) * MEMBER_BYTES_MAX:",
            "if not welcome:",
        ),
    ),
    *in_file(
        "reactor_chat/mls/tree/ratchet_tree.py",
        ("tests/mls/tree/test_ratchet_tree.py",),
        (
            "a tree is padded with blanks without end",
            "if members > members_max or len(nodes) > NODES_PER_MEMBER_MAX * members_max:",
            "if members > members_max:",
        ),
    ),
    *in_file(
        "reactor_chat/mls/proposals.py",
        ("tests/mls/test_proposals.py",),
        (
            "a commit adds any number of members",
            "if coming and staying + coming > members_max:",
            "if coming > members_max:",
        ),
    ),
)
