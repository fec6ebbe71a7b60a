import { registerEnumType } from "type-graphql";
import type { SystemWriteStatus as SystemWriteStatusWord, UserErrorCode as UserErrorCodeWord, WriteStatus as WriteStatusWord } from "../domain/operation.js";
import type { PlannedActionKind as PlannedActionKindWord, RunState as RunStateWord, SyncMode as SyncModeWord } from "../domain/run.js";
import type {
  ChangeSource as ChangeSourceWord,
  ConflictPolicy as ConflictPolicyWord,
  DeletePolicy as DeletePolicyWord,
  Direction as DirectionWord,
  EntityType as EntityTypeWord,
  LinkOrigin as LinkOriginWord,
  LinkState as LinkStateWord,
  System as SystemWord,
  WriteOperation as WriteOperationWord,
} from "../domain/words.js";

/** An enum whose members are the words of the domain: a word without a description, or one too many, does not compile. */
function enumOf<W extends string>(name: string, description: string, words: { readonly [K in W]: string }): { readonly [K in W]: K } {
  const members = Object.fromEntries(Object.keys(words).map((word) => [word, word])) as { [K in W]: K };
  const valuesConfig = Object.fromEntries(Object.entries<string>(words).map(([word, text]) => [word, { description: text }])) as {
    [K in W]: { description: string };
  };
  registerEnumType(members, { name, description, valuesConfig });
  return members;
}

export const EntityType = enumOf<EntityTypeWord>("EntityType", "What kind of thing an entity is.", {
  ACCOUNT: "A company or person that is dealt with: a Customcrm Customer, an Exact account.",
  CONTACT: "A person at an account.",
  PRODUCT: "A Customcrm Product, which is kept in Exact as a contact row.",
});

export const System = enumOf<SystemWord>("System", "One of the two systems behind this API.", {
  CUSTOMCRM: "The CRM.",
  EXACT: "Exact Online, the ERP.",
});

export const EntityOrder = enumOf<"NAME_ASC" | "NAME_DESC" | "MODIFIED_ASC" | "MODIFIED_DESC">(
  "EntityOrder",
  "How a list is ordered. Ties are broken by id, so that paging never skips or repeats.",
  {
    NAME_ASC: "By name, A to Z, blind to case and accents.",
    NAME_DESC: "By name, Z to A.",
    MODIFIED_ASC: "What changed longest ago first.",
    MODIFIED_DESC: "What changed last first.",
  },
);

export const LinkState = enumOf<LinkStateWord>("LinkState", "How far an entity's two records are joined and in agreement.", {
  UNLINKED: "Known to one system only, and no rule asks for a counterpart.",
  PENDING: "Writes are owed or on their way. While its dataflow is paused, the problem says PAUSED.",
  WAITING: "Waits for another entity, such as a contact whose account has no counterpart yet. Goes on by itself.",
  REVIEW: "More than one record could be the counterpart: a person must choose among `candidates`.",
  LINKED: "Known to both systems, which agree; nothing is owed.",
  CONFLICT: "Known to both systems, and a field was changed in both in a way that a person must decide.",
  FAILED: "A write was refused for good. `problem` holds the system's own words.",
  DETACHED: "The counterpart was deleted, or the link was cut. Left alone until a person says otherwise.",
});

export const LinkOrigin = enumOf<LinkOriginWord>("LinkOrigin", "How two records came to be joined.", {
  CREATED: "One was created from the other.",
  MATCHED: "Both existed, and exactly one fitted the other.",
  MANUAL: "A person joined them.",
});

export const WriteOperation = enumOf<WriteOperationWord>("WriteOperation", "What a write does to a record.", {
  CREATE: "Creates the record.",
  UPDATE: "Changes some of its fields.",
  DELETE: "Deletes the record.",
});

export const ChangeSource = enumOf<ChangeSourceWord>("ChangeSource", "Where a change was made.", {
  CUSTOMCRM: "In Customcrm.",
  EXACT: "In Exact Online.",
  GATEWAY: "Here, by a client of this API or by a rule of the sync.",
});

export const ConflictPolicy = enumOf<ConflictPolicyWord>("ConflictPolicy", "Which value stands when a field was changed differently in both systems.", {
  NEWEST: "The later edit; if the order can't be told, Customcrm's.",
  CUSTOMCRM: "Customcrm's.",
  EXACT: "Exact's.",
  MANUAL: "Neither, until a person decides. Other fields go on.",
});

export const Direction = enumOf<DirectionWord>("Direction", "Which way changes of a field travel.", {
  BOTH: "Both ways.",
  TO_EXACT: "From Customcrm to Exact only.",
  TO_CUSTOMCRM: "From Exact to Customcrm only.",
});

export const DeletePolicy = enumOf<DeletePolicyWord>(
  "DeletePolicy",
  "What happens to a record whose counterpart was deleted and which nobody has edited since.",
  {
    DETACH: "It stays, and is no longer synchronized.",
    ARCHIVE: "It gets an end date in Exact.",
    PROPAGATE: "It is deleted as well.",
  },
);

export const WriteStatus = enumOf<WriteStatusWord>("WriteStatus", "How a mutation ended, or stands.", {
  APPLIED: "On all sides, and read back from there.",
  PENDING: "Accepted; a side will follow.",
  REJECTED: "No value of it stands on any side.",
  PARTIAL:
    "One side holds it, and the other refused for good, so that undoing it was unsafe (the link is FAILED), or was edited as well (CONFLICT, for a person to resolve), or its record is gone. Both values are in the history.",
});

export const SystemWriteStatus = enumOf<SystemWriteStatusWord>("SystemWriteStatus", "How a mutation stands in one system.", {
  APPLIED: "Written and read back.",
  PENDING: "Will be written, or it is not known yet whether it was.",
  REJECTED: "The system refused it.",
  ROLLED_BACK: "Was written, and has been undone.",
  NOT_SENT: "Never sent, as it could not succeed as a whole.",
  NOT_NEEDED: "The system holds these values already, or has no part in it.",
});

export const UserErrorCode = enumOf<UserErrorCodeWord>("UserErrorCode", "Why a mutation was refused, for programs.", {
  INVALID: "A value is too long, malformed or missing; `field` says which.",
  NOT_FOUND: "There is no such entity, record, link or run.",
  VERSION_CONFLICT: "The entity has changed since `expectedVersion`, in a field that the mutation sets.",
  MODIFIED_ELSEWHERE: "A record was changed in its system while the mutation was under way.",
  DUPLICATE: "The system says that there is one like it already.",
  REFERENCED: "Others refer to it, so that it can't be deleted.",
  REFUSED_BY_SYSTEM: "A system refused it for another reason; its own words are in the message.",
  SYSTEM_UNAVAILABLE: "A system does not answer.",
  ROLLED_BACK: "The other system refused, so this one was undone.",
  ALREADY_LINKED: "One of the records has a counterpart already.",
  NOT_LINKED: "The entity has no counterpart.",
  PAUSED: "The dataflow is paused.",
  RATE_LIMITED: "A system's budget has no room now. Try again at `retryAt`.",
  IDEMPOTENCY_KEY_REUSED: "The key was used before, with other input.",
});

export const SyncMode = enumOf<SyncModeWord>("SyncMode", "What a run looks at.", {
  CHANGES: "What has changed since the last run.",
  FULL: "Everything, compared with everything.",
});

export const RunState = enumOf<RunStateWord>("RunState", "How far a run has come.", {
  QUEUED: "Not begun.",
  RUNNING: "Under way.",
  DONE: "Came to its end; single entities may still have failed.",
  FAILED: "Could not go on; see `problem`.",
  CANCELLED: "Stopped by a person. What it had done stands.",
});

export const PlannedActionKind = enumOf<PlannedActionKindWord>("PlannedActionKind", "What a run does, or would do, about one entity.", {
  LINK: "Joins two records that fit each other.",
  CREATE: "Creates the missing record.",
  UPDATE: "Writes the fields that differ.",
  DELETE: "Deletes the record whose counterpart is gone.",
  DETACH: "Stops to synchronize it.",
  ARCHIVE: "Gives it an end date in Exact.",
  REVIEW: "Leaves a choice to a person.",
  WAIT: "Waits for another entity.",
  CONFLICT: "Leaves a field to a person.",
  NONE: "Nothing: both sides agree.",
});

export const EntityChangeKind = enumOf<"CREATED" | "UPDATED" | "STATE_CHANGED" | "DELETED">("EntityChangeKind", "What happened to an entity.", {
  CREATED: "It is new here.",
  UPDATED: "Unified fields have changed; `fields` names them.",
  STATE_CHANGED: "Its link stands otherwise; no field has changed.",
  DELETED: "It is gone. If it was joined with another, changes of that one go to whoever watches its id.",
});

export const MatchAction = enumOf<"CREATE_NEW" | "LEAVE_ALONE">("MatchAction", "What to do with a record that none of the candidates is the counterpart of.", {
  CREATE_NEW: "Create a record for it in the other system.",
  LEAVE_ALONE: "Leave it without a counterpart, until one of its match keys changes.",
});

export const HeldWork = enumOf<"APPLY" | "DISCARD">("HeldWork", "What becomes of what a guard had held.", {
  APPLY: "It is carried out, and not counted again.",
  DISCARD: "It is dropped: what a deletion has left over stays as it is and is DETACHED, what was to be created is left alone. Edits go on in any case.",
});

export const PartialFailure = enumOf<"RETRY" | "ROLLBACK">("PartialFailure", "What to do when one system has taken a change and the other can't take it now.", {
  RETRY: "Carry on in the background until the other has it too.",
  ROLLBACK: "Undo what was taken. It ends as REJECTED once it is certain that nothing of it stands.",
});

export const WhenBusy = enumOf<"REFUSE" | "QUEUE">("WhenBusy", "What to do when a system's budget has no room now, and nothing was sent yet.", {
  REFUSE: "Say so at once, with the time from which on there is room.",
  QUEUE: "Accept it, and send it when there is room.",
});
