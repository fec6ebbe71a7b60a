/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** What an account may be given. A field left out is left alone; one given as null is cleared. */
export type AccountFields = {
  addressLine1?: string | null | undefined;
  addressLine2?: string | null | undefined;
  chamberOfCommerce?: string | null | undefined;
  city?: string | null | undefined;
  /** ISO 3166-1 alpha-2, such as NL. */
  country?: string | null | undefined;
  /** Free text, possibly over several lines. */
  description?: string | null | undefined;
  email?: string | null | undefined;
  fax?: string | null | undefined;
  /** Needed for a create, and never empty. */
  name?: string | null | undefined;
  phone?: string | null | undefined;
  postcode?: string | null | undefined;
  vatNumber?: string | null | undefined;
  website?: string | null | undefined;
};

/** All that are given must hold. */
export type AccountFilter = {
  /** Blind to case, spaces and punctuation. */
  chamberOfCommerce?: string | null | undefined;
  /** ISO 3166-1 alpha-2. */
  country?: string | null | undefined;
  /** The whole address, blind to case. */
  email?: string | null | undefined;
  /** Entities that a system says were changed after this moment. */
  modifiedAfter?: string | null | undefined;
  name?: TextFilter | null | undefined;
  /** The whole postcode, blind to case, spaces and punctuation. */
  postcode?: string | null | undefined;
  /** Entities whose link is in one of these states. An empty list finds nothing. */
  state?: Array<LinkState> | null | undefined;
  /** Blind to case, spaces and punctuation. */
  vatNumber?: string | null | undefined;
};

/** What a contact may be given. A field left out is left alone; one given as null is cleared. */
export type ContactFields = {
  /** The id of an Account in this API. Needed for a create. A system in which the account has no record yet waits for it. */
  accountId?: string | number | null | undefined;
  birthDate?: string | null | undefined;
  /** Free text, possibly over several lines. */
  description?: string | null | undefined;
  email?: string | null | undefined;
  firstName?: string | null | undefined;
  jobTitle?: string | null | undefined;
  /** Needed for a create, and never empty. */
  lastName?: string | null | undefined;
  mobile?: string | null | undefined;
  phone?: string | null | undefined;
};

/** All that are given must hold. */
export type ContactFilter = {
  /** The id of an Account in this API. */
  accountId?: string | number | null | undefined;
  /** The whole address, blind to case. */
  email?: string | null | undefined;
  /** Entities that a system says were changed after this moment. */
  modifiedAfter?: string | null | undefined;
  /** The first, the last or the full name. */
  name?: TextFilter | null | undefined;
  /** Entities whose link is in one of these states. An empty list finds nothing. */
  state?: Array<LinkState> | null | undefined;
};

/** An account that neither system has yet. */
export type CreateAccountInput = {
  fields: AccountFields;
  /** Makes a repeat harmless: the same key with the same input gives the same operation and how it stands, for 24 hours. Keys belong to whoever sends them. Take a new one for each change, and send it again whenever the answer was lost. */
  idempotencyKey?: string | null | undefined;
  onPartialFailure?: PartialFailure | null | undefined;
  whenBusy?: WhenBusy | null | undefined;
};

/** A contact that neither system has yet. */
export type CreateContactInput = {
  fields: ContactFields;
  /** Makes a repeat harmless: the same key with the same input gives the same operation and how it stands, for 24 hours. Keys belong to whoever sends them. Take a new one for each change, and send it again whenever the answer was lost. */
  idempotencyKey?: string | null | undefined;
  onPartialFailure?: PartialFailure | null | undefined;
  whenBusy?: WhenBusy | null | undefined;
};

/** A product that neither system has yet. */
export type CreateProductInput = {
  fields: ProductFields;
  /** Makes a repeat harmless: the same key with the same input gives the same operation and how it stands, for 24 hours. Keys belong to whoever sends them. Take a new one for each change, and send it again whenever the answer was lost. */
  idempotencyKey?: string | null | undefined;
  onPartialFailure?: PartialFailure | null | undefined;
  whenBusy?: WhenBusy | null | undefined;
};

/** What is to be deleted, in both systems. */
export type DeleteInput = {
  /** `link.version` as you have seen it. Refused if anything has changed since. */
  expectedVersion?: number | null | undefined;
  /** Its id in this API, or one that it had before it was linked. */
  id: string | number;
  /** Makes a repeat harmless: the same key with the same input gives the same operation and how it stands, for 24 hours. Keys belong to whoever sends them. Take a new one for each change, and send it again whenever the answer was lost. */
  idempotencyKey?: string | null | undefined;
};

/** How a list is ordered. Ties are broken by id, so that paging never skips or repeats. */
export type EntityOrder =
  /** What changed longest ago first. */
  | 'MODIFIED_ASC'
  /** What changed last first. */
  | 'MODIFIED_DESC'
  /** By name, A to Z, blind to case and accents. */
  | 'NAME_ASC'
  /** By name, Z to A. */
  | 'NAME_DESC';

/** Names an entity by one of its ids; give exactly one. */
export type EntityRef =
  {   /** The id of its Customcrm record. */
  customcrmId: string | number; exactId?: never; id?: never; }
  |  { customcrmId?: never;   /** The id of its Exact record. */
  exactId: string | number; id?: never; }
  |  { customcrmId?: never; exactId?: never;   /** Its id in this API. An id that it had before it was linked finds it too. */
  id: string | number; };

/** How far an entity's two records are joined and in agreement. */
export type LinkState =
  /** Known to both systems, and a field was changed in both in a way that a person must decide. */
  | 'CONFLICT'
  /** The counterpart was deleted, or the link was cut. Left alone until a person says otherwise. */
  | 'DETACHED'
  /** A write was refused for good. `problem` holds the system's own words. */
  | 'FAILED'
  /** Known to both systems, which agree; nothing is owed. */
  | 'LINKED'
  /** Writes are owed or on their way. While its dataflow is paused, the problem says PAUSED. */
  | 'PENDING'
  /** More than one record could be the counterpart: a person must choose among `candidates`. */
  | 'REVIEW'
  /** Known to one system only, and no rule asks for a counterpart. */
  | 'UNLINKED'
  /** Waits for another entity, such as a contact whose account has no counterpart yet. Goes on by itself. */
  | 'WAITING';

/** Names a mutation; give exactly one. */
export type OperationRef =
  {   id: string | number; idempotencyKey?: never; }
  |  { id?: never;   /** The key that the mutation was sent with. Keys are kept for 24 hours and belong to whoever sent them. */
  idempotencyKey: string; };

/** What to do when one system has taken a change and the other can't take it now. */
export type PartialFailure =
  /** Carry on in the background until the other has it too. */
  | 'RETRY'
  /** Undo what was taken. It ends as REJECTED once it is certain that nothing of it stands. */
  | 'ROLLBACK';

/** What a product may be given. A field left out is left alone; one given as null is cleared. */
export type ProductFields = {
  /** The id of an Account in this API. Without one it goes under the site's default account in Exact, if there is one. */
  accountId?: string | number | null | undefined;
  /** Free text, possibly over several lines. */
  description?: string | null | undefined;
  email?: string | null | undefined;
  /** Needed for a create, and never empty. */
  name?: string | null | undefined;
  /** Stays in Customcrm; where products are kept as items of Exact, it is the item's code. */
  number?: string | null | undefined;
  phone?: string | null | undefined;
};

/** All that are given must hold. */
export type ProductFilter = {
  /** The id of an Account in this API. */
  accountId?: string | number | null | undefined;
  /** Entities that a system says were changed after this moment. */
  modifiedAfter?: string | null | undefined;
  name?: TextFilter | null | undefined;
  /** The product's number, blind to case, spaces and punctuation. */
  number?: string | null | undefined;
  /** Entities whose link is in one of these states. An empty list finds nothing. */
  state?: Array<LinkState> | null | undefined;
};

/** One of the two systems behind this API. */
export type System =
  /** The CRM. */
  | 'CUSTOMCRM'
  /** Exact Online, the ERP. */
  | 'EXACT';

/** How a name must read, blind to case and accents; give exactly one. */
export type TextFilter =
  {   equals: string; startsWith?: never; }
  |  { equals?: never;   startsWith: string; };

/** What is to be changed of an account. */
export type UpdateAccountInput = {
  /** `link.version` as you have seen it. Refused if a field that is set has changed since, here or in a system; left out, this is the newest edit of its fields. */
  expectedVersion?: number | null | undefined;
  /** Its id in this API, or one that it had before it was linked. */
  id: string | number;
  /** Makes a repeat harmless: the same key with the same input gives the same operation and how it stands, for 24 hours. Keys belong to whoever sends them. Take a new one for each change, and send it again whenever the answer was lost. */
  idempotencyKey?: string | null | undefined;
  onPartialFailure?: PartialFailure | null | undefined;
  set: AccountFields;
  whenBusy?: WhenBusy | null | undefined;
};

/** What is to be changed of a contact. */
export type UpdateContactInput = {
  /** `link.version` as you have seen it. Refused if a field that is set has changed since, here or in a system; left out, this is the newest edit of its fields. */
  expectedVersion?: number | null | undefined;
  /** Its id in this API, or one that it had before it was linked. */
  id: string | number;
  /** Makes a repeat harmless: the same key with the same input gives the same operation and how it stands, for 24 hours. Keys belong to whoever sends them. Take a new one for each change, and send it again whenever the answer was lost. */
  idempotencyKey?: string | null | undefined;
  onPartialFailure?: PartialFailure | null | undefined;
  set: ContactFields;
  whenBusy?: WhenBusy | null | undefined;
};

/** What is to be changed of a product. */
export type UpdateProductInput = {
  /** `link.version` as you have seen it. Refused if a field that is set has changed since, here or in a system; left out, this is the newest edit of its fields. */
  expectedVersion?: number | null | undefined;
  /** Its id in this API, or one that it had before it was linked. */
  id: string | number;
  /** Makes a repeat harmless: the same key with the same input gives the same operation and how it stands, for 24 hours. Keys belong to whoever sends them. Take a new one for each change, and send it again whenever the answer was lost. */
  idempotencyKey?: string | null | undefined;
  onPartialFailure?: PartialFailure | null | undefined;
  set: ProductFields;
  whenBusy?: WhenBusy | null | undefined;
};

/** Why a mutation was refused, for programs. */
export type UserErrorCode =
  /** One of the records has a counterpart already. */
  | 'ALREADY_LINKED'
  /** The system says that there is one like it already. */
  | 'DUPLICATE'
  /** The key was used before, with other input. */
  | 'IDEMPOTENCY_KEY_REUSED'
  /** A value is too long, malformed or missing; `field` says which. */
  | 'INVALID'
  /** A record was changed in its system while the mutation was under way. */
  | 'MODIFIED_ELSEWHERE'
  /** There is no such entity, record, link or run. */
  | 'NOT_FOUND'
  /** The entity has no counterpart. */
  | 'NOT_LINKED'
  /** The dataflow is paused. */
  | 'PAUSED'
  /** A system's budget has no room now. Try again at `retryAt`. */
  | 'RATE_LIMITED'
  /** Others refer to it, so that it can't be deleted. */
  | 'REFERENCED'
  /** A system refused it for another reason; its own words are in the message. */
  | 'REFUSED_BY_SYSTEM'
  /** The other system refused, so this one was undone. */
  | 'ROLLED_BACK'
  /** A system does not answer. */
  | 'SYSTEM_UNAVAILABLE'
  /** The entity has changed since `expectedVersion`, in a field that the mutation sets. */
  | 'VERSION_CONFLICT';

/** What to do when a system's budget has no room now, and nothing was sent yet. */
export type WhenBusy =
  /** Accept it, and send it when there is room. */
  | 'QUEUE'
  /** Say so at once, with the time from which on there is room. */
  | 'REFUSE';

/** How a mutation ended, or stands. */
export type WriteStatus =
  /** On all sides, and read back from there. */
  | 'APPLIED'
  /** One side holds it, and the other refused for good, so that undoing it was unsafe (the link is FAILED), or was edited as well (CONFLICT, for a person to resolve), or its record is gone. Both values are in the history. */
  | 'PARTIAL'
  /** Accepted; a side will follow. */
  | 'PENDING'
  /** No value of it stands on any side. */
  | 'REJECTED';

export type AccountDetailsFragment = { id: string, customcrmId: string | null, exactId: string | null, name: string, email: string | null, phone: string | null, fax: string | null, website: string | null, addressLine1: string | null, addressLine2: string | null, postcode: string | null, city: string | null, country: string | null, vatNumber: string | null, chamberOfCommerce: string | null, description: string | null, modifiedAt: string, link: { state: LinkState, version: number, problem: { code: string, message: string } | null } };

export type AccountsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: AccountFilter | null | undefined;
  orderBy?: EntityOrder | null | undefined;
  maxAge?: number | null | undefined;
}>;


export type AccountsQuery = { accounts: { nodes: Array<{ id: string, customcrmId: string | null, exactId: string | null, name: string, email: string | null, phone: string | null, fax: string | null, website: string | null, addressLine1: string | null, addressLine2: string | null, postcode: string | null, city: string | null, country: string | null, vatNumber: string | null, chamberOfCommerce: string | null, description: string | null, modifiedAt: string, link: { state: LinkState, version: number, problem: { code: string, message: string } | null } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type AccountQueryVariables = Exact<{
  by: EntityRef;
  maxAge?: number | null | undefined;
}>;


export type AccountQuery = { account: { id: string, customcrmId: string | null, exactId: string | null, name: string, email: string | null, phone: string | null, fax: string | null, website: string | null, addressLine1: string | null, addressLine2: string | null, postcode: string | null, city: string | null, country: string | null, vatNumber: string | null, chamberOfCommerce: string | null, description: string | null, modifiedAt: string, link: { state: LinkState, version: number, problem: { code: string, message: string } | null } } | null };

export type CreateAccountMutationVariables = Exact<{
  input: CreateAccountInput;
}>;


export type CreateAccountMutation = { createAccount: { status: WriteStatus, operation: { id: string } | null, account: { id: string, customcrmId: string | null, exactId: string | null, name: string, email: string | null, phone: string | null, fax: string | null, website: string | null, addressLine1: string | null, addressLine2: string | null, postcode: string | null, city: string | null, country: string | null, vatNumber: string | null, chamberOfCommerce: string | null, description: string | null, modifiedAt: string, link: { state: LinkState, version: number, problem: { code: string, message: string } | null } } | null, userErrors: Array<{ code: UserErrorCode, field: Array<string> | null, message: string, retryAt: string | null, system: System | null }> } };

export type UpdateAccountMutationVariables = Exact<{
  input: UpdateAccountInput;
}>;


export type UpdateAccountMutation = { updateAccount: { status: WriteStatus, operation: { id: string } | null, account: { id: string, customcrmId: string | null, exactId: string | null, name: string, email: string | null, phone: string | null, fax: string | null, website: string | null, addressLine1: string | null, addressLine2: string | null, postcode: string | null, city: string | null, country: string | null, vatNumber: string | null, chamberOfCommerce: string | null, description: string | null, modifiedAt: string, link: { state: LinkState, version: number, problem: { code: string, message: string } | null } } | null, userErrors: Array<{ code: UserErrorCode, field: Array<string> | null, message: string, retryAt: string | null, system: System | null }> } };

export type DeleteAccountMutationVariables = Exact<{
  input: DeleteInput;
}>;


export type DeleteAccountMutation = { deleteAccount: { status: WriteStatus, id: string | null, operation: { id: string } | null, userErrors: Array<{ code: UserErrorCode, field: Array<string> | null, message: string, retryAt: string | null, system: System | null }> } };

export type ContactDetailsFragment = { id: string, customcrmId: string | null, exactId: string | null, fullName: string, firstName: string | null, lastName: string | null, email: string | null, phone: string | null, mobile: string | null, jobTitle: string | null, birthDate: string | null, description: string | null, modifiedAt: string, account: { id: string, name: string } | null, link: { state: LinkState, version: number, problem: { code: string, message: string } | null } };

export type ContactsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: ContactFilter | null | undefined;
  orderBy?: EntityOrder | null | undefined;
  maxAge?: number | null | undefined;
}>;


export type ContactsQuery = { contacts: { nodes: Array<{ id: string, customcrmId: string | null, exactId: string | null, fullName: string, firstName: string | null, lastName: string | null, email: string | null, phone: string | null, mobile: string | null, jobTitle: string | null, birthDate: string | null, description: string | null, modifiedAt: string, account: { id: string, name: string } | null, link: { state: LinkState, version: number, problem: { code: string, message: string } | null } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type ContactQueryVariables = Exact<{
  by: EntityRef;
  maxAge?: number | null | undefined;
}>;


export type ContactQuery = { contact: { id: string, customcrmId: string | null, exactId: string | null, fullName: string, firstName: string | null, lastName: string | null, email: string | null, phone: string | null, mobile: string | null, jobTitle: string | null, birthDate: string | null, description: string | null, modifiedAt: string, account: { id: string, name: string } | null, link: { state: LinkState, version: number, problem: { code: string, message: string } | null } } | null };

export type CreateContactMutationVariables = Exact<{
  input: CreateContactInput;
}>;


export type CreateContactMutation = { createContact: { status: WriteStatus, operation: { id: string } | null, contact: { id: string, customcrmId: string | null, exactId: string | null, fullName: string, firstName: string | null, lastName: string | null, email: string | null, phone: string | null, mobile: string | null, jobTitle: string | null, birthDate: string | null, description: string | null, modifiedAt: string, account: { id: string, name: string } | null, link: { state: LinkState, version: number, problem: { code: string, message: string } | null } } | null, userErrors: Array<{ code: UserErrorCode, field: Array<string> | null, message: string, retryAt: string | null, system: System | null }> } };

export type UpdateContactMutationVariables = Exact<{
  input: UpdateContactInput;
}>;


export type UpdateContactMutation = { updateContact: { status: WriteStatus, operation: { id: string } | null, contact: { id: string, customcrmId: string | null, exactId: string | null, fullName: string, firstName: string | null, lastName: string | null, email: string | null, phone: string | null, mobile: string | null, jobTitle: string | null, birthDate: string | null, description: string | null, modifiedAt: string, account: { id: string, name: string } | null, link: { state: LinkState, version: number, problem: { code: string, message: string } | null } } | null, userErrors: Array<{ code: UserErrorCode, field: Array<string> | null, message: string, retryAt: string | null, system: System | null }> } };

export type DeleteContactMutationVariables = Exact<{
  input: DeleteInput;
}>;


export type DeleteContactMutation = { deleteContact: { status: WriteStatus, id: string | null, operation: { id: string } | null, userErrors: Array<{ code: UserErrorCode, field: Array<string> | null, message: string, retryAt: string | null, system: System | null }> } };

export type ProductDetailsFragment = { id: string, customcrmId: string | null, exactId: string | null, name: string, number: string | null, email: string | null, phone: string | null, description: string | null, modifiedAt: string, account: { id: string, name: string } | null, link: { state: LinkState, version: number, problem: { code: string, message: string } | null } };

export type ProductsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: ProductFilter | null | undefined;
  orderBy?: EntityOrder | null | undefined;
  maxAge?: number | null | undefined;
}>;


export type ProductsQuery = { products: { nodes: Array<{ id: string, customcrmId: string | null, exactId: string | null, name: string, number: string | null, email: string | null, phone: string | null, description: string | null, modifiedAt: string, account: { id: string, name: string } | null, link: { state: LinkState, version: number, problem: { code: string, message: string } | null } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type ProductQueryVariables = Exact<{
  by: EntityRef;
  maxAge?: number | null | undefined;
}>;


export type ProductQuery = { product: { id: string, customcrmId: string | null, exactId: string | null, name: string, number: string | null, email: string | null, phone: string | null, description: string | null, modifiedAt: string, account: { id: string, name: string } | null, link: { state: LinkState, version: number, problem: { code: string, message: string } | null } } | null };

export type CreateProductMutationVariables = Exact<{
  input: CreateProductInput;
}>;


export type CreateProductMutation = { createProduct: { status: WriteStatus, operation: { id: string } | null, product: { id: string, customcrmId: string | null, exactId: string | null, name: string, number: string | null, email: string | null, phone: string | null, description: string | null, modifiedAt: string, account: { id: string, name: string } | null, link: { state: LinkState, version: number, problem: { code: string, message: string } | null } } | null, userErrors: Array<{ code: UserErrorCode, field: Array<string> | null, message: string, retryAt: string | null, system: System | null }> } };

export type UpdateProductMutationVariables = Exact<{
  input: UpdateProductInput;
}>;


export type UpdateProductMutation = { updateProduct: { status: WriteStatus, operation: { id: string } | null, product: { id: string, customcrmId: string | null, exactId: string | null, name: string, number: string | null, email: string | null, phone: string | null, description: string | null, modifiedAt: string, account: { id: string, name: string } | null, link: { state: LinkState, version: number, problem: { code: string, message: string } | null } } | null, userErrors: Array<{ code: UserErrorCode, field: Array<string> | null, message: string, retryAt: string | null, system: System | null }> } };

export type DeleteProductMutationVariables = Exact<{
  input: DeleteInput;
}>;


export type DeleteProductMutation = { deleteProduct: { status: WriteStatus, id: string | null, operation: { id: string } | null, userErrors: Array<{ code: UserErrorCode, field: Array<string> | null, message: string, retryAt: string | null, system: System | null }> } };

export type UserErrorDetailsFragment = { code: UserErrorCode, field: Array<string> | null, message: string, retryAt: string | null, system: System | null };

export type OperationQueryVariables = Exact<{
  by: OperationRef;
}>;


export type OperationQuery = { operation: { id: string, entityId: string | null, status: WriteStatus, finishedAt: string | null, userErrors: Array<{ code: UserErrorCode, field: Array<string> | null, message: string, retryAt: string | null, system: System | null }> } | null };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const AccountDetailsFragmentDoc = new TypedDocumentString(`
    fragment AccountDetails on Account {
  id
  customcrmId
  exactId
  name
  email
  phone
  fax
  website
  addressLine1
  addressLine2
  postcode
  city
  country
  vatNumber
  chamberOfCommerce
  description
  modifiedAt
  link {
    state
    version
    problem {
      code
      message
    }
  }
}
    `, {"fragmentName":"AccountDetails"}) as unknown as TypedDocumentString<AccountDetailsFragment, unknown>;
export const ContactDetailsFragmentDoc = new TypedDocumentString(`
    fragment ContactDetails on Contact {
  id
  customcrmId
  exactId
  fullName
  firstName
  lastName
  email
  phone
  mobile
  jobTitle
  birthDate
  description
  account {
    id
    name
  }
  modifiedAt
  link {
    state
    version
    problem {
      code
      message
    }
  }
}
    `, {"fragmentName":"ContactDetails"}) as unknown as TypedDocumentString<ContactDetailsFragment, unknown>;
export const ProductDetailsFragmentDoc = new TypedDocumentString(`
    fragment ProductDetails on Product {
  id
  customcrmId
  exactId
  name
  number
  email
  phone
  description
  account {
    id
    name
  }
  modifiedAt
  link {
    state
    version
    problem {
      code
      message
    }
  }
}
    `, {"fragmentName":"ProductDetails"}) as unknown as TypedDocumentString<ProductDetailsFragment, unknown>;
export const UserErrorDetailsFragmentDoc = new TypedDocumentString(`
    fragment UserErrorDetails on UserError {
  code
  field
  message
  retryAt
  system
}
    `, {"fragmentName":"UserErrorDetails"}) as unknown as TypedDocumentString<UserErrorDetailsFragment, unknown>;
export const AccountsDocument = new TypedDocumentString(`
    query Accounts($first: Int = 50, $after: String, $filter: AccountFilter, $orderBy: EntityOrder, $maxAge: Int) {
  accounts(
    first: $first
    after: $after
    filter: $filter
    orderBy: $orderBy
    maxAge: $maxAge
  ) {
    nodes {
      ...AccountDetails
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment AccountDetails on Account {
  id
  customcrmId
  exactId
  name
  email
  phone
  fax
  website
  addressLine1
  addressLine2
  postcode
  city
  country
  vatNumber
  chamberOfCommerce
  description
  modifiedAt
  link {
    state
    version
    problem {
      code
      message
    }
  }
}`) as unknown as TypedDocumentString<AccountsQuery, AccountsQueryVariables>;
export const AccountDocument = new TypedDocumentString(`
    query Account($by: EntityRef!, $maxAge: Int) {
  account(by: $by, maxAge: $maxAge) {
    ...AccountDetails
  }
}
    fragment AccountDetails on Account {
  id
  customcrmId
  exactId
  name
  email
  phone
  fax
  website
  addressLine1
  addressLine2
  postcode
  city
  country
  vatNumber
  chamberOfCommerce
  description
  modifiedAt
  link {
    state
    version
    problem {
      code
      message
    }
  }
}`) as unknown as TypedDocumentString<AccountQuery, AccountQueryVariables>;
export const CreateAccountDocument = new TypedDocumentString(`
    mutation CreateAccount($input: CreateAccountInput!) {
  createAccount(input: $input) {
    status
    operation {
      id
    }
    account {
      ...AccountDetails
    }
    userErrors {
      ...UserErrorDetails
    }
  }
}
    fragment AccountDetails on Account {
  id
  customcrmId
  exactId
  name
  email
  phone
  fax
  website
  addressLine1
  addressLine2
  postcode
  city
  country
  vatNumber
  chamberOfCommerce
  description
  modifiedAt
  link {
    state
    version
    problem {
      code
      message
    }
  }
}
fragment UserErrorDetails on UserError {
  code
  field
  message
  retryAt
  system
}`) as unknown as TypedDocumentString<CreateAccountMutation, CreateAccountMutationVariables>;
export const UpdateAccountDocument = new TypedDocumentString(`
    mutation UpdateAccount($input: UpdateAccountInput!) {
  updateAccount(input: $input) {
    status
    operation {
      id
    }
    account {
      ...AccountDetails
    }
    userErrors {
      ...UserErrorDetails
    }
  }
}
    fragment AccountDetails on Account {
  id
  customcrmId
  exactId
  name
  email
  phone
  fax
  website
  addressLine1
  addressLine2
  postcode
  city
  country
  vatNumber
  chamberOfCommerce
  description
  modifiedAt
  link {
    state
    version
    problem {
      code
      message
    }
  }
}
fragment UserErrorDetails on UserError {
  code
  field
  message
  retryAt
  system
}`) as unknown as TypedDocumentString<UpdateAccountMutation, UpdateAccountMutationVariables>;
export const DeleteAccountDocument = new TypedDocumentString(`
    mutation DeleteAccount($input: DeleteInput!) {
  deleteAccount(input: $input) {
    status
    operation {
      id
    }
    id
    userErrors {
      ...UserErrorDetails
    }
  }
}
    fragment UserErrorDetails on UserError {
  code
  field
  message
  retryAt
  system
}`) as unknown as TypedDocumentString<DeleteAccountMutation, DeleteAccountMutationVariables>;
export const ContactsDocument = new TypedDocumentString(`
    query Contacts($first: Int = 50, $after: String, $filter: ContactFilter, $orderBy: EntityOrder, $maxAge: Int) {
  contacts(
    first: $first
    after: $after
    filter: $filter
    orderBy: $orderBy
    maxAge: $maxAge
  ) {
    nodes {
      ...ContactDetails
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment ContactDetails on Contact {
  id
  customcrmId
  exactId
  fullName
  firstName
  lastName
  email
  phone
  mobile
  jobTitle
  birthDate
  description
  account {
    id
    name
  }
  modifiedAt
  link {
    state
    version
    problem {
      code
      message
    }
  }
}`) as unknown as TypedDocumentString<ContactsQuery, ContactsQueryVariables>;
export const ContactDocument = new TypedDocumentString(`
    query Contact($by: EntityRef!, $maxAge: Int) {
  contact(by: $by, maxAge: $maxAge) {
    ...ContactDetails
  }
}
    fragment ContactDetails on Contact {
  id
  customcrmId
  exactId
  fullName
  firstName
  lastName
  email
  phone
  mobile
  jobTitle
  birthDate
  description
  account {
    id
    name
  }
  modifiedAt
  link {
    state
    version
    problem {
      code
      message
    }
  }
}`) as unknown as TypedDocumentString<ContactQuery, ContactQueryVariables>;
export const CreateContactDocument = new TypedDocumentString(`
    mutation CreateContact($input: CreateContactInput!) {
  createContact(input: $input) {
    status
    operation {
      id
    }
    contact {
      ...ContactDetails
    }
    userErrors {
      ...UserErrorDetails
    }
  }
}
    fragment ContactDetails on Contact {
  id
  customcrmId
  exactId
  fullName
  firstName
  lastName
  email
  phone
  mobile
  jobTitle
  birthDate
  description
  account {
    id
    name
  }
  modifiedAt
  link {
    state
    version
    problem {
      code
      message
    }
  }
}
fragment UserErrorDetails on UserError {
  code
  field
  message
  retryAt
  system
}`) as unknown as TypedDocumentString<CreateContactMutation, CreateContactMutationVariables>;
export const UpdateContactDocument = new TypedDocumentString(`
    mutation UpdateContact($input: UpdateContactInput!) {
  updateContact(input: $input) {
    status
    operation {
      id
    }
    contact {
      ...ContactDetails
    }
    userErrors {
      ...UserErrorDetails
    }
  }
}
    fragment ContactDetails on Contact {
  id
  customcrmId
  exactId
  fullName
  firstName
  lastName
  email
  phone
  mobile
  jobTitle
  birthDate
  description
  account {
    id
    name
  }
  modifiedAt
  link {
    state
    version
    problem {
      code
      message
    }
  }
}
fragment UserErrorDetails on UserError {
  code
  field
  message
  retryAt
  system
}`) as unknown as TypedDocumentString<UpdateContactMutation, UpdateContactMutationVariables>;
export const DeleteContactDocument = new TypedDocumentString(`
    mutation DeleteContact($input: DeleteInput!) {
  deleteContact(input: $input) {
    status
    operation {
      id
    }
    id
    userErrors {
      ...UserErrorDetails
    }
  }
}
    fragment UserErrorDetails on UserError {
  code
  field
  message
  retryAt
  system
}`) as unknown as TypedDocumentString<DeleteContactMutation, DeleteContactMutationVariables>;
export const ProductsDocument = new TypedDocumentString(`
    query Products($first: Int = 50, $after: String, $filter: ProductFilter, $orderBy: EntityOrder, $maxAge: Int) {
  products(
    first: $first
    after: $after
    filter: $filter
    orderBy: $orderBy
    maxAge: $maxAge
  ) {
    nodes {
      ...ProductDetails
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment ProductDetails on Product {
  id
  customcrmId
  exactId
  name
  number
  email
  phone
  description
  account {
    id
    name
  }
  modifiedAt
  link {
    state
    version
    problem {
      code
      message
    }
  }
}`) as unknown as TypedDocumentString<ProductsQuery, ProductsQueryVariables>;
export const ProductDocument = new TypedDocumentString(`
    query Product($by: EntityRef!, $maxAge: Int) {
  product(by: $by, maxAge: $maxAge) {
    ...ProductDetails
  }
}
    fragment ProductDetails on Product {
  id
  customcrmId
  exactId
  name
  number
  email
  phone
  description
  account {
    id
    name
  }
  modifiedAt
  link {
    state
    version
    problem {
      code
      message
    }
  }
}`) as unknown as TypedDocumentString<ProductQuery, ProductQueryVariables>;
export const CreateProductDocument = new TypedDocumentString(`
    mutation CreateProduct($input: CreateProductInput!) {
  createProduct(input: $input) {
    status
    operation {
      id
    }
    product {
      ...ProductDetails
    }
    userErrors {
      ...UserErrorDetails
    }
  }
}
    fragment ProductDetails on Product {
  id
  customcrmId
  exactId
  name
  number
  email
  phone
  description
  account {
    id
    name
  }
  modifiedAt
  link {
    state
    version
    problem {
      code
      message
    }
  }
}
fragment UserErrorDetails on UserError {
  code
  field
  message
  retryAt
  system
}`) as unknown as TypedDocumentString<CreateProductMutation, CreateProductMutationVariables>;
export const UpdateProductDocument = new TypedDocumentString(`
    mutation UpdateProduct($input: UpdateProductInput!) {
  updateProduct(input: $input) {
    status
    operation {
      id
    }
    product {
      ...ProductDetails
    }
    userErrors {
      ...UserErrorDetails
    }
  }
}
    fragment ProductDetails on Product {
  id
  customcrmId
  exactId
  name
  number
  email
  phone
  description
  account {
    id
    name
  }
  modifiedAt
  link {
    state
    version
    problem {
      code
      message
    }
  }
}
fragment UserErrorDetails on UserError {
  code
  field
  message
  retryAt
  system
}`) as unknown as TypedDocumentString<UpdateProductMutation, UpdateProductMutationVariables>;
export const DeleteProductDocument = new TypedDocumentString(`
    mutation DeleteProduct($input: DeleteInput!) {
  deleteProduct(input: $input) {
    status
    operation {
      id
    }
    id
    userErrors {
      ...UserErrorDetails
    }
  }
}
    fragment UserErrorDetails on UserError {
  code
  field
  message
  retryAt
  system
}`) as unknown as TypedDocumentString<DeleteProductMutation, DeleteProductMutationVariables>;
export const OperationDocument = new TypedDocumentString(`
    query Operation($by: OperationRef!) {
  operation(by: $by) {
    id
    entityId
    status
    finishedAt
    userErrors {
      ...UserErrorDetails
    }
  }
}
    fragment UserErrorDetails on UserError {
  code
  field
  message
  retryAt
  system
}`) as unknown as TypedDocumentString<OperationQuery, OperationQueryVariables>;