namespace Skitai.Engine.Static;

/// <summary>How looking for a request's file went.</summary>
internal enum LookupKind
{
    /// <summary>Nothing there that may be served.</summary>
    NotFound,

    /// <summary>A file.</summary>
    File,

    /// <summary>A directory that has an index file, asked for without its slash.</summary>
    Redirect,

    /// <summary>It is there, but its permissions keep us out.</summary>
    Forbidden,

    /// <summary>Out of descriptors or memory; will pass.</summary>
    Busy,

    /// <summary>The file system failed.</summary>
    Failed,
}
