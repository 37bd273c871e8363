using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text;

namespace Skitai.Engine.Tests.Static;

public sealed class StaticServingTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_file_comes_with_all_that_a_cache_needs()
    {
        await using var site = await StaticSite.StartAsync();
        var path = site.Write("css/a.css", "body{}");
        File.SetLastWriteTimeUtc(path, new DateTime(2020, 2, 3, 4, 5, 6, DateTimeKind.Utc));

        using var answer = await site.GetAsync("/css/a.css");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("body{}", await answer.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal("text/css; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        Assert.Equal(6, answer.Content.Headers.ContentLength);
        Assert.Equal("Mon, 03 Feb 2020 04:05:06 GMT", Single(answer.Content.Headers, "Last-Modified"));
        Assert.Equal("max-age=300", Single(answer.Headers, "Cache-Control"));
        Assert.Equal("bytes", Single(answer.Headers, "Accept-Ranges"));
        Assert.Equal("nosniff", Single(answer.Headers, "X-Content-Type-Options"));
        Assert.False(answer.Headers.ETag!.IsWeak);
        Assert.False(answer.Headers.Contains("Vary"));
    }

    [Fact]
    public async Task A_max_age_of_zero_asks_for_revalidation()
    {
        await using var site = await StaticSite.StartAsync(maxAge: TimeSpan.Zero);
        site.Write("a.txt", "a");
        using var answer = await site.GetAsync("/a.txt");
        Assert.Equal("no-cache", Single(answer.Headers, "Cache-Control"));
    }

    [Theory]
    [InlineData("/a.txt", null)]
    [InlineData("/a.txt", "bytes=0-3")]
    [InlineData("/big.bin", null)]
    [InlineData("/empty.txt", null)]
    [InlineData("/dir", null)]
    [InlineData("/missing", null)]
    public async Task HEAD_says_what_GET_says(string path, string? range)
    {
        await using var site = await StaticSite.StartAsync();
        site.Write("a.txt", "some text");
        site.Write("empty.txt", "");
        site.Write("dir/index.html", "index");
        site.WriteSparse("big.bin", 200_000);
        (string, string)[] headers = range is null ? [] : [("Range", range)];

        using var get = await site.GetAsync(path);
        using var head = await site.SendAsync(HttpMethod.Head, path, headers);

        Assert.Equal(get.StatusCode, head.StatusCode);
        Assert.Equal(Show(get), Show(head));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(Cancellation));
    }

    [Theory]
    [InlineData("/a.txt", HttpStatusCode.MethodNotAllowed)]
    [InlineData("/dir/", HttpStatusCode.MethodNotAllowed)]
    [InlineData("/missing.txt", HttpStatusCode.NotFound)]
    public async Task Other_methods_are_refused_where_there_is_a_file(string path, HttpStatusCode expected)
    {
        await using var site = await StaticSite.StartAsync();
        site.Write("a.txt", "a");
        site.Write("dir/index.html", "index");
        using var answer = await site.SendAsync(HttpMethod.Post, path);
        Assert.Equal(expected, answer.StatusCode);
    }

    [Fact]
    public async Task Index_files_answer_for_their_directory()
    {
        await using var site = await StaticSite.StartAsync();
        site.Write("a/index.html", "html");
        site.Write("a/index.htm", "htm");
        site.Write("b/index.htm", "htm");
        site.Write("index.html", "root");
        Directory.CreateDirectory(Path.Combine(site.Root, "none"));

        Assert.Equal("root", await site.ReadAsync("/"));
        Assert.Equal("html", await site.ReadAsync("/a/"));
        Assert.Equal("htm", await site.ReadAsync("/b/"));
        site.Write("b/index.html", "html now");
        Assert.Equal("html now", await site.ReadAsync("/b/"));
        foreach (var path in (string[])["/none", "/none/", "/a/index.html/"])
        {
            using var answer = await site.GetAsync(path);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
    }

    [Fact]
    public async Task A_directory_without_its_slash_is_redirected_with_the_query()
    {
        await using var site = await StaticSite.StartAsync();
        site.Write("docs/index.html", "x");
        using var answer = await site.GetAsync("/docs?a=1&b=%20");
        Assert.Equal(HttpStatusCode.MovedPermanently, answer.StatusCode);
        Assert.Equal("/docs/?a=1&b=%20", Single(answer.Headers, "Location"));
    }

    [Fact]
    public async Task A_mount_below_the_root_takes_its_prefix_off()
    {
        await using var site = await StaticSite.StartAsync("/assets");
        site.Write("index.html", "index");
        site.Write("a.txt", "a");
        Assert.Equal("a", await site.ReadAsync("/assets/a.txt"));
        Assert.Equal("index", await site.ReadAsync("/assets/"));
        using var answer = await site.GetAsync("/assets");
        Assert.Equal("/assets/", Single(answer.Headers, "Location"));
    }

    [Fact]
    public async Task What_the_client_has_already_is_not_sent_again()
    {
        await using var site = await StaticSite.StartAsync();
        site.Write("a.txt", "text");
        site.Write("a.txt.gz", Gzip("text"));
        using var first = await site.GetAsync("/a.txt");
        var tag = first.Headers.ETag!.ToString();

        using var answer = await site.GetAsync("/a.txt", ("If-None-Match", tag));

        Assert.Equal(HttpStatusCode.NotModified, answer.StatusCode);
        Assert.Equal(tag, answer.Headers.ETag!.ToString());
        Assert.Equal("Accept-Encoding", Single(answer.Headers, "Vary"));
        Assert.Equal("max-age=300", Single(answer.Headers, "Cache-Control"));
        Assert.Null(answer.Content.Headers.ContentType);
        using var failed = await site.GetAsync("/a.txt", ("If-Match", "\"other\""));
        Assert.Equal(HttpStatusCode.PreconditionFailed, failed.StatusCode);
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(200_000)]
    public async Task One_range_is_answered_with_just_it(int size)
    {
        await using var site = await StaticSite.StartAsync();
        var content = Pattern(size);
        site.Write("a.bin", content);

        foreach (var (range, first, last) in ((string, int, int)[])
            [("bytes=0-0", 0, 0), ("bytes=10-19", 10, 19), ("bytes=990-", 990, size - 1), ("bytes=-7", size - 7, size - 1)])
        {
            using var answer = await site.GetAsync("/a.bin", ("Range", range));
            Assert.Equal(HttpStatusCode.PartialContent, answer.StatusCode);
            Assert.Equal($"bytes {first}-{last}/{size}", Single(answer.Content.Headers, "Content-Range"));
            Assert.Equal(content[first..(last + 1)], await answer.Content.ReadAsByteArrayAsync(Cancellation));
        }

        using var beyond = await site.GetAsync("/a.bin", ("Range", $"bytes={size}-"));
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, beyond.StatusCode);
        Assert.Equal($"bytes */{size}", Single(beyond.Content.Headers, "Content-Range"));

        using var stale = await site.GetAsync("/a.bin", ("Range", "bytes=0-0"), ("If-Range", "\"old\""));
        Assert.Equal(HttpStatusCode.OK, stale.StatusCode);
        Assert.Equal(size, stale.Content.Headers.ContentLength);
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(200_000)]
    public async Task Several_ranges_are_answered_as_parts(int size)
    {
        await using var site = await StaticSite.StartAsync();
        var content = Pattern(size);
        site.Write("a.txt", content);

        using var answer = await site.GetAsync("/a.txt", ("Range", "bytes=0-4,100-109,-3"));

        Assert.Equal(HttpStatusCode.PartialContent, answer.StatusCode);
        var type = answer.Content.Headers.ContentType!;
        Assert.Equal("multipart/byteranges", type.MediaType);
        var boundary = type.Parameters.Single().Value;
        var expected = new StringBuilder();
        foreach (var (first, last) in ((int, int)[])[(0, 4), (100, 109), (size - 3, size - 1)])
        {
            expected.Append(CultureInfo.InvariantCulture, $"{(first == 0 ? "" : "\r\n")}--{boundary}\r\n")
                .Append("Content-Type: text/plain; charset=utf-8\r\n")
                .Append(CultureInfo.InvariantCulture, $"Content-Range: bytes {first}-{last}/{size}\r\n\r\n")
                .Append(Encoding.ASCII.GetString(content[first..(last + 1)]));
        }

        expected.Append(CultureInfo.InvariantCulture, $"\r\n--{boundary}--\r\n");
        var body = await answer.Content.ReadAsStringAsync(Cancellation);
        Assert.Equal(expected.ToString(), body);
        Assert.Equal(body.Length, answer.Content.Headers.ContentLength);
    }

    [Fact]
    public async Task A_precompressed_sibling_goes_to_who_accepts_it()
    {
        await using var site = await StaticSite.StartAsync();
        site.Write("a.js", "let a = 1");
        site.Write("a.js.gz", Gzip("let a = 1"));
        site.Write("a.js.br", "pretend brotli");

        using var plain = await site.GetAsync("/a.js");
        using var gzip = await site.GetAsync("/a.js", ("Accept-Encoding", "gzip"));
        using var brotli = await site.GetAsync("/a.js", ("Accept-Encoding", "gzip, br"));
        using var own = await site.GetAsync("/a.js.gz", ("Accept-Encoding", "gzip"));

        Assert.Empty(plain.Content.Headers.ContentEncoding);
        Assert.Equal("let a = 1", await plain.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal("gzip", gzip.Content.Headers.ContentEncoding.Single());
        Assert.Equal(Gzip("let a = 1"), await gzip.Content.ReadAsByteArrayAsync(Cancellation));
        Assert.Equal("br", brotli.Content.Headers.ContentEncoding.Single());
        Assert.Equal("pretend brotli", await brotli.Content.ReadAsStringAsync(Cancellation));
        foreach (var answer in (HttpResponseMessage[])[plain, gzip, brotli])
        {
            Assert.Equal("Accept-Encoding", Single(answer.Headers, "Vary"));
            Assert.Equal("text/javascript; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        }

        Assert.Equal(3, new[] { plain, gzip, brotli }.Select(answer => answer.Headers.ETag!.Tag).Distinct().Count());
        Assert.Equal("application/gzip", own.Content.Headers.ContentType!.ToString());
        Assert.Empty(own.Content.Headers.ContentEncoding);
        Assert.False(own.Headers.Contains("Vary"));
    }

    [Fact]
    public async Task A_sibling_older_than_the_file_is_not_used()
    {
        await using var site = await StaticSite.StartAsync();
        var file = site.Write("a.js", "new");
        var sibling = site.Write("a.js.gz", Gzip("old"));
        File.SetLastWriteTimeUtc(sibling, File.GetLastWriteTimeUtc(file).AddSeconds(-1));

        using var answer = await site.GetAsync("/a.js", ("Accept-Encoding", "gzip"));

        Assert.Equal("new", await answer.Content.ReadAsStringAsync(Cancellation));
        Assert.False(answer.Headers.Contains("Vary"));
    }

    private static string Single(System.Net.Http.Headers.HttpHeaders headers, string name) => Assert.Single(headers.GetValues(name));

    private static string Show(HttpResponseMessage answer) => string.Join(
        '\n',
        answer.Headers.Concat(answer.Content.Headers)
            .Where(header => header.Key != "Date")
            .OrderBy(header => header.Key, StringComparer.Ordinal)
            .Select(header => $"{header.Key}: {string.Join(", ", header.Value)}"));

    private static byte[] Pattern(int size)
    {
        var content = new byte[size];
        for (var i = 0; i < size; i++)
        {
            content[i] = (byte)('a' + (i % 23));
        }

        return content;
    }

    private static byte[] Gzip(string text)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return packed.ToArray();
    }
}
