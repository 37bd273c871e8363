namespace Skitai.Engine.Static;

/// <summary>Why a static mount has nothing for a path; the client gets the same answer for all of them.</summary>
public enum StaticMiss
{
    /// <summary>It has something.</summary>
    None,

    /// <summary>There is no such file.</summary>
    NoFile,

    /// <summary>Asked for a directory: there is no such directory, or it has no index file.</summary>
    NoIndex,

    /// <summary>It is a device, a socket or a FIFO.</summary>
    NotAFile,

    /// <summary>A link leads out of the mount's directory.</summary>
    LeadsOut,

    /// <summary>Links lead in a circle.</summary>
    LinkLoop,

    /// <summary>The path or a name in it is longer than a file system allows.</summary>
    TooLong,

    /// <summary>A dotfile, or a file in a dot directory: never served, <c>.well-known</c> excepted.</summary>
    Dotfile,

    /// <summary>An empty segment (<c>//</c>): a second spelling of another path.</summary>
    EmptySegment,

    /// <summary>A character that no file name is asked for with: a backslash, a NUL, one beyond a byte.</summary>
    BadCharacter,
}
