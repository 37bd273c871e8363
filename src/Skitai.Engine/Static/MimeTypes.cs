using System.Collections.Frozen;
using System.Text;

namespace Skitai.Engine.Static;

/// <summary>Media types by file name extension, after the IANA registry.</summary>
internal static class MimeTypes
{
    /// <summary>For what is not listed: a browser saves it and does not guess.</summary>
    public const string Unknown = "application/octet-stream";

    private static readonly FrozenDictionary<string, string> s_types = Build();

    private static readonly FrozenDictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> s_byExtension =
        s_types.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The Content-Type of a file; text types say <c>charset=utf-8</c>.</summary>
    /// <param name="name">A file name, with or without folders.</param>
    public static string Of(ReadOnlySpan<byte> name)
    {
        const int longestExtension = 16;
        var slash = name.LastIndexOf((byte)'/');
        var dot = name.LastIndexOf((byte)'.');
        var length = name.Length - dot - 1;
        if (dot <= slash || length is 0 or > longestExtension)
        {
            return Unknown;
        }

        Span<char> extension = stackalloc char[longestExtension];
        Encoding.Latin1.GetChars(name[(dot + 1)..], extension);
        return s_byExtension.TryGetValue(extension[..length], out var type) ? type : Unknown;
    }

    private static FrozenDictionary<string, string> Build()
    {
        var types = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        Text("text/html", "html htm shtml");
        Text("text/css", "css");
        Text("text/javascript", "js mjs cjs");
        Text("text/plain", "txt text log conf ini cfg asc py c h cs rs go java sh toml");
        Text("text/csv", "csv");
        Text("text/tab-separated-values", "tsv");
        Text("text/markdown", "md markdown");
        Text("text/calendar", "ics");
        Text("text/vcard", "vcf");
        Text("text/vtt", "vtt");
        Text("text/cache-manifest", "appcache");
        Add("application/json", "json map");
        Add("application/ld+json", "jsonld");
        Add("application/manifest+json", "webmanifest");
        Add("application/geo+json", "geojson");
        Add("application/jsonl", "jsonl ndjson");
        Add("application/yaml", "yaml yml");
        Add("application/xml", "xml xsl xsd");
        Add("application/xslt+xml", "xslt");
        Add("application/xhtml+xml", "xhtml xht");
        Add("application/atom+xml", "atom");
        Add("application/rss+xml", "rss");
        Add("application/wasm", "wasm");
        Add("application/pdf", "pdf");
        Add("application/rtf", "rtf");
        Add("application/epub+zip", "epub");
        Add("application/postscript", "ps eps ai");
        Add("application/sql", "sql");
        Add("application/zip", "zip");
        Add("application/gzip", "gz tgz");
        Add("application/zstd", "zst");
        Add("application/x-bzip2", "bz2");
        Add("application/x-xz", "xz");
        Add("application/x-7z-compressed", "7z");
        Add("application/x-tar", "tar");
        Add("application/vnd.rar", "rar");
        Add("application/java-archive", "jar war ear");
        Add("application/vnd.android.package-archive", "apk");
        Add("application/vnd.debian.binary-package", "deb");
        Add("application/x-rpm", "rpm");
        Add("application/x-iso9660-image", "iso");
        Add("application/x-x509-ca-cert", "pem crt cer der");
        Add("application/pgp-signature", "sig");
        Add("application/msword", "doc dot");
        Add("application/vnd.ms-excel", "xls");
        Add("application/vnd.ms-powerpoint", "ppt");
        Add("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx");
        Add("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx");
        Add("application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx");
        Add("application/vnd.oasis.opendocument.text", "odt");
        Add("application/vnd.oasis.opendocument.spreadsheet", "ods");
        Add("application/vnd.oasis.opendocument.presentation", "odp");
        Add("application/vnd.apple.mpegurl", "m3u8");
        Add("application/dash+xml", "mpd");
        Add("application/vnd.google-earth.kml+xml", "kml");
        Add("application/vnd.google-earth.kmz", "kmz");
        Add("application/gpx+xml", "gpx");
        Add("application/vnd.sqlite3", "sqlite sqlite3");
        Add("application/vnd.apache.parquet", "parquet");
        Add("image/svg+xml", "svg");
        Add("image/png", "png");
        Add("image/apng", "apng");
        Add("image/jpeg", "jpg jpeg jpe");
        Add("image/gif", "gif");
        Add("image/webp", "webp");
        Add("image/avif", "avif");
        Add("image/heic", "heic");
        Add("image/jxl", "jxl");
        Add("image/bmp", "bmp");
        Add("image/tiff", "tif tiff");
        Add("image/vnd.microsoft.icon", "ico cur");
        Add("font/woff", "woff");
        Add("font/woff2", "woff2");
        Add("font/ttf", "ttf");
        Add("font/otf", "otf");
        Add("font/collection", "ttc");
        Add("application/vnd.ms-fontobject", "eot");
        Add("audio/mpeg", "mp3");
        Add("audio/mp4", "m4a");
        Add("audio/aac", "aac");
        Add("audio/ogg", "ogg oga opus");
        Add("audio/flac", "flac");
        Add("audio/vnd.wave", "wav");
        Add("audio/webm", "weba");
        Add("audio/midi", "mid midi");
        Add("video/mp4", "mp4 m4v");
        Add("video/webm", "webm");
        Add("video/ogg", "ogv");
        Add("video/mpeg", "mpg mpeg");
        Add("video/quicktime", "mov qt");
        Add("video/matroska", "mkv");
        Add("video/x-msvideo", "avi");
        Add("video/mp2t", "ts m2ts");
        Add("video/3gpp", "3gp");
        Add("model/gltf+json", "gltf");
        Add("model/gltf-binary", "glb");
        Add("model/stl", "stl");
        return types.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

        void Text(string type, string extensions) => Add(type + "; charset=utf-8", extensions);

        void Add(string type, string extensions)
        {
            foreach (var extension in extensions.Split(' '))
            {
                types.Add(extension, type);
            }
        }
    }
}
