import type { GraphQLScalarType } from "graphql";
import { GraphQLDate, GraphQLDateTime, GraphQLJSON } from "graphql-scalars";

/** The scalars of graphql-scalars, described as this API uses them: times and dates come and go as text. */
GraphQLDateTime.description = "A moment, as RFC 3339 in UTC with milliseconds: `2026-03-01T12:30:00.000Z`.";
GraphQLDate.description = "A day without a time, as `YYYY-MM-DD`.";
GraphQLJSON.description = "A value whose type depends on the field that it belongs to: text, or null for no value.";

export const DateTime: GraphQLScalarType = GraphQLDateTime;
export const DateOnly: GraphQLScalarType = GraphQLDate;
export const Json: GraphQLScalarType = GraphQLJSON;
