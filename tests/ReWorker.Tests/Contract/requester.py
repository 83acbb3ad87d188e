#!/usr/bin/python3
"""A requester that has nothing of this repository's: pika, as the FSM uses it.

    requester.py AMQP_URI      one JSON command a line on stdin, one JSON answer or message a line on stdout

A job leaves it as the FSM's do: by the exchange "re", not persistent, with no property but those that the test gives
(the FSM gives correlation_id and reply_to). Replies come into an exclusive queue that the broker names. A test can have
output and notifications in the same queue: the broker keeps the order of one channel into one queue, so the order in which
they come is the order in which the worker sent them.
"""
import base64
import json
import os
import queue
import sys
import threading

import pika
import pika.exceptions

NAMES = ("content_type content_encoding headers delivery_mode priority correlation_id reply_to expiration message_id "
         "timestamp type user_id app_id cluster_id").split()


class Requester:
    def __init__(self, uri):
        self.connection = pika.BlockingConnection(pika.URLParameters(uri))
        self.channel = self.connection.channel()
        self.commands = queue.SimpleQueue()
        self.sent = {}  # session -> the correlation ids that it sent

    def run(self):
        threading.Thread(target=self.read, daemon=True).start()
        while True:
            try:
                self.obey(self.commands.get_nowait())
            except queue.Empty:
                sys.stdout.flush()
                self.connection.process_data_events(time_limit=1)

    def read(self):
        for line in sys.stdin:
            self.commands.put(json.loads(line))
            self.connection.add_callback_threadsafe(lambda: None)
        os._exit(0)  # whoever started it is gone

    def obey(self, command):
        try:
            answer = getattr(self, command.pop("do"))(**{key: value for key, value in command.items() if key != "id"})
        except pika.exceptions.ChannelClosedByBroker as problem:
            answer = {"error": f"{problem.reply_code} {problem.reply_text}"}
        if "id" in command:
            say({"id": command["id"], **(answer or {})})

    # -- a session: a reply queue, and what comes into it

    def open(self, session, keys):
        name = self.channel.queue_declare("", exclusive=True).method.queue
        for key in keys:
            self.channel.queue_bind(name, "re", key)
        self.sent[session] = set()
        self.channel.basic_consume(name, lambda *message: self.hear(session, *message), auto_ack=True, consumer_tag=session)
        return {"queue": name}

    def send(self, session, exchange, key, body, properties):
        if session in self.sent:
            self.sent[session].add(str(properties.get("correlation_id")))
        properties = {name: base64.b64decode(value["base64"]) if isinstance(value, dict) and "base64" in value else value
                      for name, value in properties.items()}
        self.channel.basic_publish(exchange, key, base64.b64decode(body), pika.BasicProperties(**properties))

    def hear(self, session, channel, method, properties, body):
        # everybody's output and notifications come by: a session hears those of its own releases
        if method.exchange == "re" and properties.correlation_id not in self.sent[session]:
            return
        say({"session": session, **message(method, properties, body)})

    def close(self, session, queue_name):
        self.channel.basic_cancel(session)
        self.channel.queue_delete(queue_name)

    # -- what an operator does, each on a channel of its own, since a refusal closes it

    def apart(self, action):
        channel = self.connection.channel()
        try:
            return action(channel)
        finally:
            if channel.is_open:
                channel.close()

    def declare(self, name, durable, arguments):
        self.apart(lambda channel: channel.queue_declare(name, durable=durable, arguments=arguments))

    def bind(self, name, exchange, key):
        self.apart(lambda channel: channel.queue_bind(name, exchange, key))

    def exchange(self, name, kind, durable):
        self.apart(lambda channel: channel.exchange_declare(name, kind, durable=durable))

    def count(self, name):
        found = self.apart(lambda channel: channel.queue_declare(name, passive=True)).method
        return {"messages": found.message_count, "consumers": found.consumer_count}

    def get(self, name):
        method, properties, body = self.apart(lambda channel: channel.basic_get(name, auto_ack=True))
        return message(method, properties, body) if method else {}

    def delete(self, names):
        self.apart(lambda channel: [channel.queue_delete(name) for name in names])


def message(method, properties, body):
    given = {name: getattr(properties, name) for name in NAMES if getattr(properties, name) is not None}
    return {"exchange": method.exchange, "key": method.routing_key, "redelivered": method.redelivered,
            "properties": given, "body": base64.b64encode(body).decode()}


def say(what):
    sys.stdout.write(json.dumps(what, default=str) + "\n")


if __name__ == "__main__":
    Requester(sys.argv[1]).run()
