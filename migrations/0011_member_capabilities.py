"""What a member of a group is able to do."""

STATEMENTS = ("ALTER TABLE group_members ADD COLUMN capabilities JSON DEFAULT '[]'",)
