namespace Skitai.Engine.Static;

/// <summary>From a request's path to a file name below the mount's directory.</summary>
internal static class StaticPath
{
    /// <summary>Room a caller keeps behind the name for an index file's name and the closing NUL.</summary>
    public const int Spare = 16;

    /// <summary>
    /// Translates what follows the mount's prefix. Refuses what static files are never served for: dotfiles and files in
    /// dot directories (<c>.well-known</c> at any depth excepted, RFC 8615), empty segments (two spellings of one file
    /// would pass by what is mounted on the other), backslashes, NUL, and chars beyond a byte.
    /// </summary>
    /// <param name="rest">The path behind the prefix: empty, or beginning with a slash; one char is one byte.</param>
    /// <param name="name">Gets the name, without a leading slash and without a NUL.</param>
    /// <param name="length">Its length: <paramref name="rest"/> without the slash.</param>
    /// <returns>None, or why there is no such file for anybody.</returns>
    public static StaticMiss Translate(ReadOnlySpan<char> rest, Span<byte> name, out int length)
    {
        length = 0;
        if (rest.IsEmpty)
        {
            return StaticMiss.None;
        }

        if (rest[0] != '/')
        {
            return StaticMiss.NoFile;
        }

        if (rest.Length - 1 > name.Length)
        {
            return StaticMiss.TooLong;
        }

        rest = rest[1..];
        var segment = true;
        for (var i = 0; i < rest.Length; i++)
        {
            var c = rest[i];
            if (c is '\0' or '\\' or > '\xff')
            {
                return StaticMiss.BadCharacter;
            }

            if (segment && (c == '/' || (c == '.' && !IsWellKnown(rest[i..]))))
            {
                return c == '/' ? StaticMiss.EmptySegment : StaticMiss.Dotfile;
            }

            segment = c == '/';
            name[i] = (byte)c;
        }

        length = rest.Length;
        return StaticMiss.None;
    }

    private static bool IsWellKnown(ReadOnlySpan<char> rest)
    {
        const string name = ".well-known";
        return rest.StartsWith(name, StringComparison.Ordinal) && (rest.Length == name.Length || rest[name.Length] == '/');
    }
}
