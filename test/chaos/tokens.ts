/** Values that occur once: whoever finds one knows who entered it. */
export const tokenOf = (n: number): string => `zq${n}qz`;

export const tokensIn = (text: string): readonly string[] => text.match(/zq\d+qz/g) ?? [];
