namespace Skitai.Engine.Static;

/// <summary>The content codings of precompressed siblings.</summary>
internal enum ContentCoding
{
    /// <summary>The file as it is.</summary>
    Identity,

    /// <summary>The .gz sibling.</summary>
    Gzip,

    /// <summary>The .br sibling.</summary>
    Brotli,
}
