using Microsoft.Extensions.Primitives;
using Skitai.Posix;

namespace Skitai.Engine.Static;

/// <summary>
/// One form of a static file, the file itself or a precompressed sibling, with the headers that belong to it ready made
/// (RFC 9110 section 3.2).
/// </summary>
internal sealed class Representation
{
    /// <summary>The file name below the root, ended by a NUL.</summary>
    public required byte[] Name { get; init; }

    /// <summary>The file's state when this was made.</summary>
    public required FileStatus Status { get; init; }

    /// <summary>Its bytes when it is small; null = to be opened and sent.</summary>
    public required byte[]? Content { get; init; }

    /// <summary>Bytes of body.</summary>
    public required long Length { get; init; }

    /// <summary>The entity tag as the header has it, <c>W/</c> in front when it is weak.</summary>
    public required string EntityTag { get; init; }

    /// <summary>When it was last modified, in whole seconds.</summary>
    public required DateTimeOffset LastModified { get; init; }

    /// <summary><see cref="LastModified"/> as the header has it.</summary>
    public required string LastModifiedText { get; init; }

    /// <summary><c>br</c>, <c>gzip</c>; empty for the file itself.</summary>
    public required StringValues ContentEncoding { get; init; }
}
