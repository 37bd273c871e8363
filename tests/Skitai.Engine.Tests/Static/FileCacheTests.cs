using Microsoft.Extensions.Primitives;
using Skitai.Engine.Static;

namespace Skitai.Engine.Tests.Static;

public sealed class FileCacheTests
{
    [Fact]
    public void It_never_holds_more_than_its_bound_and_drops_what_nobody_asks_for()
    {
        var cache = new FileCache(100_000);
        var hot = Make(5000);
        cache.Add("/hot", hot);
        for (var i = 0; i < 1000; i++)
        {
            cache.Add($"/{i}", Make(5000));
            Assert.InRange(cache.Size, 1, 100_000);
            Assert.True(cache.TryGet("/hot", out var found), $"dropped after {i}");
            Assert.Same(hot, found);
        }

        Assert.False(cache.TryGet("/0", out _));
        Assert.True(cache.TryGet("/999", out _));
    }

    [Fact]
    public void A_newer_state_takes_the_place_of_the_older()
    {
        var cache = new FileCache(100_000);
        var old = Make(10);
        var current = Make(20);
        for (var i = 0; i < 1000; i++)
        {
            cache.Add("/a", old);
            cache.Add("/a", current);
        }

        cache.Remove("/a", old);
        Assert.True(cache.TryGet("/a", out var found));
        Assert.Same(current, found);
        Assert.Equal(current.Cost, cache.Size);
        cache.Remove("/a", current);
        cache.Remove("/a", current);
        Assert.False(cache.TryGet("/a", out _));
        Assert.Equal(0, cache.Size);
    }

    [Fact]
    public void What_is_larger_than_the_bound_is_not_kept()
    {
        var cache = new FileCache(10_000);
        cache.Add("/a", Make(50_000));
        Assert.Equal(0, cache.Size);
    }

    private static StaticFile Make(int size) => new()
    {
        Path = [],
        Brotli = null,
        Gzip = null,
        ContentType = "text/plain",
        Plain = new Representation
        {
            Name = [],
            Status = default,
            Content = new byte[size],
            Length = size,
            EntityTag = "\"a\"",
            LastModified = default,
            LastModifiedText = "",
            ContentEncoding = StringValues.Empty,
        },
    };
}
