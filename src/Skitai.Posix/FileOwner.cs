namespace Skitai.Posix;

/// <summary>Whose a file is, a link not followed.</summary>
/// <param name="Kind">What it is; a symbolic link is <see cref="FileKind.Other"/>.</param>
/// <param name="User">The owner's number.</param>
/// <param name="Links">How many names it has.</param>
public readonly record struct FileOwner(FileKind Kind, uint User, uint Links);
