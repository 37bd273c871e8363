using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Skitai.Engine.Caching.Rules;
using Skitai.Engine.Caching.Storage;
using Skitai.Engine.Hosting;
using Skitai.Engine.Proxy.Upstream;
using Skitai.Engine.Static;

namespace Skitai.Engine.Caching;

/// <summary>Answers GET and HEAD with a kept answer: as it is, 304, 206 or 416.</summary>
/// <param name="sender">Sends the body.</param>
internal sealed class StoredAnswer(FileSender sender)
{
    /// <summary>A body up to this goes out together with the head, in one piece.</summary>
    private const int Small = 16 * 1024;

    /// <summary>Compared with its checksums, and sent, at a time.</summary>
    private const int DiskPiece = 1024 * 1024;

    /// <summary>Answers. Takes over the caller's share in the object.</summary>
    /// <param name="request">The request, its answer untouched.</param>
    /// <param name="stored">The object.</param>
    /// <param name="head">Its head.</param>
    /// <param name="ready">What was made of that.</param>
    /// <param name="now">The time.</param>
    /// <param name="status">What Cache-Status says.</param>
    /// <param name="own">Fields for this one only (<see cref="Landing.OwnFields"/>); null = none.</param>
    public ValueTask WriteAsync(CachedRequest request, StoredObject stored, StoredHead head, ReadyAnswer ready, DateTimeOffset now, in StringValues status, Header[]? own)
    {
        var exchange = request.Exchange;
        var sending = default(ValueTask);
        var isDone = false;
        try
        {
            if (!TryWriteHead(request, head, ready, now, status, isNew: false, own))
            {
                sending = StatusPage.WriteAsync(exchange, StatusCodes.Status502BadGateway);
            }
            else if (exchange.Response.StatusCode == StatusCodes.Status200OK && request.IsGet && request.Fields.Range is { Count: 1 } range
                && ClientConditions.RangeCounts(request.Fields, ready.Freshness.Validators, head.AnsweredAt)
                && RangeHeader.Parse(range[0], stored.Length) is { } parts)
            {
                sending = SendPartsAsync(exchange, stored, ready, parts);
            }
            else if (exchange.Response.StatusCode != StatusCodes.Status304NotModified)
            {
                if (head.Status != StatusCodes.Status204NoContent)
                {
                    exchange.Response.Headers.ContentLength = stored.Length;
                }

                if (request.IsGet && stored.Length > 0)
                {
                    sending = SendBodyAsync(exchange, stored, 0, stored.Length);
                }
            }

            if (sending.IsCompletedSuccessfully)
            {
                return default;
            }

            isDone = true;
            return FinishAsync(sending, stored);
        }
        finally
        {
            if (!isDone)
            {
                stored.Release();
            }
        }
    }

    /// <summary>Puts status and fields into the answer: those of a 304 if the client has the content already.</summary>
    /// <param name="request">The request.</param>
    /// <param name="head">The kept head.</param>
    /// <param name="ready">What was made of it.</param>
    /// <param name="now">The time.</param>
    /// <param name="status">What Cache-Status says.</param>
    /// <param name="isNew">Whether it has just come: then an age of nothing is not worth a field.</param>
    /// <param name="own">Fields for this one only (<see cref="Landing.OwnFields"/>); null = none.</param>
    /// <returns>False when the fields cannot be sent; the answer is as it was before.</returns>
    public static bool TryWriteHead(
        CachedRequest request, StoredHead head, ReadyAnswer ready, DateTimeOffset now, in StringValues status, bool isNew, Header[]? own)
    {
        var response = request.Exchange.Response;
        var headers = response.Headers;
        var asked = request.Fields;
        var notModified = (asked.IfNoneMatch.Count > 0 || asked.IfModifiedSince.Count > 0)
            && ClientConditions.IsNotModified(asked, head.Status, ready.Freshness.Validators, head.AnsweredAt);
        request.Exchange.BeginAnswer();
        try
        {
            response.StatusCode = notModified ? StatusCodes.Status304NotModified : head.Status;
            response.ReasonPhrase = notModified ? null : head.Reason;
            foreach (var (name, value) in ready.Fields)
            {
                if (!notModified || !DescribesContent(name))
                {
                    headers[name] = value;
                }
            }

            var texts = ready.TextsAt(now);
            if (!isNew || texts.Age > 0 || ready.HasAge)
            {
                headers.Age = texts.AgeText;
            }

            headers[CacheStatusField.Name] = status;
            if (own is not null)
            {
                AddOwn(headers, own, notModified);
            }

            return true;
        }
        catch (InvalidOperationException)
        {
            var server = headers.Server;
            headers.Clear();
            headers.Server = server;
            response.StatusCode = StatusCodes.Status200OK;
            response.ReasonPhrase = null;
            return false;
        }
    }

    private static void AddOwn(IHeaderDictionary headers, Header[] own, bool notModified)
    {
        foreach (ref readonly var field in own.AsSpan())
        {
            if (field.Name == CacheStatusField.Name)
            {
                headers[field.Name] = CacheStatusField.Append(field.Value, headers[field.Name]!);
            }
            else if (!notModified || !DescribesContent(field.Name))
            {
                headers.Append(field.Name, field.Value);
            }
        }
    }

    private static bool DescribesContent(string name) =>
        name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase)
        && name.Length switch
        {
            12 => name.EndsWith("Type", StringComparison.OrdinalIgnoreCase),
            13 => name.EndsWith("Range", StringComparison.OrdinalIgnoreCase),
            16 => name.EndsWith("Encoding", StringComparison.OrdinalIgnoreCase) || name.EndsWith("Language", StringComparison.OrdinalIgnoreCase),
            _ => false,
        };

    private static async ValueTask FinishAsync(ValueTask sending, StoredObject stored)
    {
        try
        {
            await sending;
        }
        finally
        {
            stored.Release();
        }
    }

    private ValueTask SendBodyAsync(Exchange exchange, StoredObject stored, long offset, long length)
    {
        if (!stored.TryGetWhole(out var bytes))
        {
            return stored.InMemory ? SendSegmentsAsync(exchange, stored, offset, length) : SendFileAsync(exchange, stored, offset, length);
        }

        bytes = bytes.Slice((int)offset, (int)length);
        if (length > Small)
        {
            return sender.SendBytesAsync(exchange, bytes);
        }

        // Kestrel sends it with the head, when we are done.
        var writer = exchange.ResponseBody.Writer;
        bytes.Span.CopyTo(writer.GetSpan((int)length));
        writer.Advance((int)length);
        exchange.BytesSent += length;
        return default;
    }

    private async ValueTask SendSegmentsAsync(Exchange exchange, StoredObject stored, long offset, long length)
    {
        foreach (var bytes in stored.Bytes.Slice(offset, length))
        {
            await sender.SendBytesAsync(exchange, bytes);
            if (exchange.ClientGone.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async ValueTask SendFileAsync(Exchange exchange, StoredObject stored, long offset, long length)
    {
        try
        {
            while (length > 0)
            {
                var piece = Math.Min(length, DiskPiece);
                if (!await stored.VerifyAsync(offset, piece, exchange.ClientGone))
                {
                    exchange.Abort(); // a proper end would be a lie
                    return;
                }

                await sender.SendFileAsync(exchange, stored.File!, stored.FileOffset + offset, piece);
                if (exchange.ClientGone.IsCancellationRequested)
                {
                    return;
                }

                offset += piece;
                length -= piece;
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            exchange.Abort();
        }
    }

    private ValueTask SendPartsAsync(Exchange exchange, StoredObject stored, ReadyAnswer ready, IReadOnlyList<ByteRange> parts)
    {
        var headers = exchange.Response.Headers;
        if (parts.Count == 0)
        {
            headers.Remove("Content-Encoding");
            headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{stored.Length}");
            return StatusPage.WriteAsync(exchange, StatusCodes.Status416RangeNotSatisfiable);
        }

        exchange.Response.StatusCode = StatusCodes.Status206PartialContent;
        exchange.Response.ReasonPhrase = null;
        if (parts.Count == 1)
        {
            var part = parts[0];
            headers.ContentRange = part.ContentRange(stored.Length);
            headers.ContentLength = part.Length;
            return SendBodyAsync(exchange, stored, part.First, part.Length);
        }

        var frame = new MultipartRanges(parts, stored.Length, ready.ContentType ?? "application/octet-stream");
        headers.ContentType = frame.ContentType;
        headers.ContentLength = frame.Length;
        return SendMultipartAsync(exchange, stored, parts, frame);
    }

    private async ValueTask SendMultipartAsync(Exchange exchange, StoredObject stored, IReadOnlyList<ByteRange> parts, MultipartRanges frame)
    {
        for (var i = 0; i < parts.Count; i++)
        {
            await sender.SendBytesAsync(exchange, frame.Head(i));
            await SendBodyAsync(exchange, stored, parts[i].First, parts[i].Length);
        }

        await sender.SendBytesAsync(exchange, frame.Tail);
    }
}
