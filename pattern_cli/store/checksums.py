"""The checksums of the runtime's own migration files (database.md §3.3): SHA-384 of each, in hexadecimal.

The runtime compares the ledger with the files it was built from; a ledger of ours must hold the same.
"""

from __future__ import annotations

CHECKSUMS: dict[int, str] = {
    1: "6962df7e7542c509bcb0040defa641e90a6f4df7f7492cdeead7e8793b3e1c6993b9af1b0fe178fa2a50405fc90d975d",
    2: "99536f908a2e8f2525f79a0e295780d67435d8e0bc78046e6a400627df5750da054cf6b7ffc76cdec310a16c078c167c",
    3: "9c57462c5053f1a8ed0dc1678bf1fa71e3491b3faa541d6df10f9d0d933d7dcc19fb616ccc7725853361659b2290bae7",
    4: "0776800bf5368594ca7a731bb329b0c9c17ed0aeef91456d5d8f1e4c8149fcfeb596e9b38c64496dd9a2fa593bfc6548",
    5: "22e8ed556ffedf556faf5cf27b7699ee55fdd9eb94c5fa5287716d059646a18c03b0278bbe3b0e40a69d33d36309b7d3",
    6: "17574d75fe4a4fad2d86ea33d0940abdcc450f5591f459c296251dee4f3558db448d0980c45e490d078f0bb0aba0e06e",
    7: "2fe11275ee81d5bb8130ee569b013e90b3d244fc366844ca77c57bb382da0488b2c8f32e60aca90183a50dd035ebbd00",
    9: "5cfd7ff345b26121175b1a385d9fad010d59a3ff843ea766bb5a62a3f804b29a6e677643207c6fd1fa87534cc8df4b9a",
    10: "015391ac771e136759e3651ff8e5ab20e4e861105f19a88c6562899557151d8377ba70ab56442844bebd35f5ca280791",
    11: "d627b8511616cc3084c1d429beea1b6059eb2aabe2481c3608c1e6d0058f5f3c32b3b65947e611ee62cf86483a2dd71e",
    12: "e7d61b116099f1ac41498975e220f93a8de3b18f2756d93d7d788521d5d0b98f6fda34f883fd593af094de158543251b",
    13: "17670d54a2130e32b41eb32c3bc4abf0b4316dad398df89f91124800048df00e96e9b0a365de18254ff2fb4bfa1f6032",
}

# The edition of version 1 that was published for four days in December 2025. It differs in one thing: it declares
# `group_members.role` as TEXT. Today's runtime refuses to open a database that has it.
PRE_EDIT_INITIAL = "cdcf7159035a7860cc1a6942901283231ecd7f3ba3d5bfc91dfce05a306d4ac3488f68db4221aa98bd4ed27e871c77c2"

# Version 1 of auth.db, which has a ledger of the same name and form.
AUTH_INITIAL = "31a2e0fd89ec2a1d638984e962778e39e73473da0853f432fa8943454081de10d5ffac6edd572971b71d4c03dfd8e501"
