namespace Skitai.Engine.Static;

/// <summary>Reads Accept-Encoding (RFC 9110 section 12.5.3).</summary>
internal static class AcceptEncoding
{
    private const int Unlisted = -1;

    /// <summary>
    /// Chooses the coding the client likes best; among equals the smaller: br, gzip, as it is. What the client does
    /// not list it does not get, except the file as it is, which also goes out when nothing at all is acceptable.
    /// </summary>
    /// <param name="header">The field's value, several joined by commas.</param>
    /// <param name="brotli">Whether there is a .br sibling.</param>
    /// <param name="gzip">Whether there is a .gz sibling.</param>
    public static ContentCoding Choose(ReadOnlySpan<char> header, bool brotli, bool gzip)
    {
        int brotliQuality = Unlisted, gzipQuality = Unlisted, identityQuality = Unlisted, restQuality = Unlisted;
        foreach (var range in header.Split(','))
        {
            var item = header[range];
            var semicolon = item.IndexOf(';');
            var name = (semicolon < 0 ? item : item[..semicolon]).Trim(" \t");
            var quality = semicolon < 0 ? 1000 : Quality(item[(semicolon + 1)..]);
            if (name.Equals("br", StringComparison.OrdinalIgnoreCase))
            {
                brotliQuality = quality;
            }
            else if (name.Equals("gzip", StringComparison.OrdinalIgnoreCase) || name.Equals("x-gzip", StringComparison.OrdinalIgnoreCase))
            {
                gzipQuality = quality;
            }
            else if (name.Equals("identity", StringComparison.OrdinalIgnoreCase))
            {
                identityQuality = quality;
            }
            else if (name is "*")
            {
                restQuality = quality;
            }
        }

        brotliQuality = brotliQuality == Unlisted ? Math.Max(restQuality, 0) : brotliQuality;
        gzipQuality = gzipQuality == Unlisted ? Math.Max(restQuality, 0) : gzipQuality;

        // Identity that is not listed is acceptable, but whoever lists codings would rather have one of those.
        var best = ContentCoding.Identity;
        var bestQuality = Math.Max(identityQuality, 0);
        if (gzip && gzipQuality > 0 && gzipQuality >= bestQuality)
        {
            best = ContentCoding.Gzip;
            bestQuality = gzipQuality;
        }

        if (brotli && brotliQuality > 0 && brotliQuality >= bestQuality)
        {
            best = ContentCoding.Brotli;
        }

        return best;
    }

    /// <summary>A weight in thousandths; 0 for one that cannot be read: rather send what everybody understands.</summary>
    private static int Quality(ReadOnlySpan<char> parameters)
    {
        foreach (var range in parameters.Split(';'))
        {
            var parameter = parameters[range].Trim(" \t");
            if (parameter.Length < 2 || (parameter[0] | 0x20) != 'q' || parameter[1] != '=')
            {
                continue;
            }

            var value = parameter[2..];
            if (value.Length is 0 or > 5 || value[0] is not ('0' or '1') || (value.Length > 1 && value[1] != '.'))
            {
                return 0;
            }

            var quality = (value[0] - '0') * 1000;
            var weight = 100;
            foreach (var digit in value[Math.Min(2, value.Length)..])
            {
                if (!char.IsAsciiDigit(digit))
                {
                    return 0;
                }

                quality += (digit - '0') * weight;
                weight /= 10;
            }

            return Math.Min(quality, 1000);
        }

        return 1000;
    }
}
